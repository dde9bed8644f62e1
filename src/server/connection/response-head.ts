/**
 * The head of a response as text. Most responses have nothing but a content type: their first two
 * lines are made once for each status and type.
 */
import { type HeaderFields, sameName } from '../../http/header-fields.ts'
import { writeResponseHead } from '../../wire/http1/writing/head-writer.ts'
import type { ServerResponse } from '../messages/server-response.ts'

/** What the head says of the body and of the connection. */
export interface HeadFacts {
  /** In bytes; -1: not known; -2: not said, since there is none. */
  readonly length: number
  readonly chunked: boolean
  /** The `Connection` to send: none where HTTP/1.1 needs none. */
  readonly connection: 'close' | 'keep-alive' | 'Upgrade' | undefined
  /** The `date` line. */
  readonly date: string
}

// Types come from code and hardly from clients; but if they do, this holds no more of them.
const keptPrefixes = 256
const prefixes = new Map<string | undefined, string>()

/** Status line and content type; without the empty line. Throws `ProtocolError` for a type that can't be sent. */
export function plainPrefix(status: number, type: string | undefined): string {
  if (status !== 200) return makePrefix(status, type)
  const known = prefixes.get(type)
  if (known !== undefined) return known
  const prefix = makePrefix(status, type)
  if (prefixes.size < keptPrefixes) prefixes.set(type, prefix)
  return prefix
}

// Of short bodies, each made once.
const keptLengths = 1_024
const lengthLines = Array<string>(keptLengths).fill('')

export function lengthLine(length: number): string {
  if (length >= keptLengths) return `content-length: ${length}\r\n`
  const known = lengthLines[length] as string
  return known === '' ? (lengthLines[length] = `content-length: ${length}\r\n`) : known
}

function makePrefix(status: number, type: string | undefined): string {
  const head = writeResponseHead(
    status,
    undefined,
    type === undefined ? [] : ['content-type', type],
  )
  return head.slice(0, -2)
}

/** The whole head. Throws `ProtocolError` for what can't be sent. */
export function responseHead(response: ServerResponse, facts: HeadFacts): string {
  const headers = response.touchedHeaders
  if (headers === undefined) return plainHead(response, facts)
  const list: string[] = []
  const { raw } = headers
  let upgrade = false
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    if (name.length === 7 && sameName(name, 'upgrade')) upgrade = true
    if (!isOurs(name, facts)) list.push(name, raw[index + 1] as string)
  }
  if (facts.length >= 0) list.push('content-length', String(facts.length))
  if (facts.chunked) list.push('transfer-encoding', 'chunked')
  const connection = upgrade ? withUpgrade(facts.connection) : facts.connection
  if (connection !== undefined) list.push('connection', connection)
  const head = writeResponseHead(response.status, undefined, list)
  return headers.has('date') ? head : `${head.slice(0, -2)}${facts.date}\r\n`
}

function plainHead(response: ServerResponse, facts: HeadFacts): string {
  let head = plainPrefix(response.status, response.plainType)
  if (facts.length >= 0) head += lengthLine(facts.length)
  else if (facts.chunked) head += 'transfer-encoding: chunked\r\n'
  head += facts.date
  return facts.connection === undefined
    ? `${head}\r\n`
    : `${head}connection: ${facts.connection}\r\n\r\n`
}

// How a body is framed is ours to say. Only where there is none may a handler tell the length that it
// would have (RFC 9110 §8.6).
function isOurs(name: string, facts: HeadFacts): boolean {
  switch (name.length) {
    case 10:
      return sameName(name, 'connection')
    case 14:
      return facts.length >= -1 && sameName(name, 'content-length')
    case 17:
      return sameName(name, 'transfer-encoding')
    default:
      return false
  }
}

// RFC 9110 §7.8: "A sender of Upgrade MUST also send an "Upgrade" connection option".
function withUpgrade(connection: HeadFacts['connection']): string {
  return connection === undefined || connection === 'Upgrade' ? 'Upgrade' : `${connection}, Upgrade`
}

/** Whether a handler asks for the end of the connection. */
export function asksToClose(headers: HeaderFields | undefined): boolean {
  const options = headers?.get('connection')
  return typeof options === 'string' && /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(options)
}
