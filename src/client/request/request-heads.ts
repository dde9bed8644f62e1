/**
 * Writes the heads of a session's requests. What each request to an origin has in common (`Host` and
 * the session's own headers) is checked and written once and kept with the host; a request without
 * anything of its own costs the joining of three strings.
 */
import { HeaderFields, type HeadersInput, sameName } from '../../http/header-fields.ts'
import type { BodyFraming } from '../../http/body-writer.ts'
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import { acceptedCodings } from '../../http/compression.ts'
import { ProtocolError } from '../../wire/errors.ts'
import { writeFields, writeRequestHead } from '../../wire/http1/writing/head-writer.ts'
import { basic } from '../auth/credentials.ts'
import type { Origin } from '../url/origin.ts'
import type { RequestURL } from '../url/request-url.ts'
import type { RequestContent } from './request-content.ts'
import type { RequestSettings } from './request-options.ts'

// RFC 9110 §9.1: a token. Methods are few, so most are known.
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
// What a request can't say without our knowing; a `Cookie` is one field with the session's own.
const framingNames = ['host', 'content-length', 'transfer-encoding', 'connection', 'cookie']
// RFC 9110 §8.6: these anticipate a body, so they say when there is none.
const methodsWithBody = new Set(['POST', 'PUT', 'PATCH'])

/** A head, and what it says of what comes after it. */
export interface Framed {
  readonly head: string
  readonly framing: BodyFraming
  /** Whether it says that the connection is to be closed afterwards. */
  readonly closes: boolean
}

const noContent = { body: undefined, type: undefined }

export class RequestHeads {
  readonly #defaults: HeaderFields
  readonly #defaultLines: string
  /** In lower case, the names that a request's own headers can't simply be put behind. */
  readonly #taken: Set<string>
  readonly #closes: boolean
  /** Whether `Accept-Encoding` is ours, and goes when nothing is to be decompressed. */
  readonly #offersCodings: boolean
  readonly #hasCookie: boolean

  /** Throws TypeError for headers that can't be sent. */
  constructor(headers: HeadersInput | undefined, decompress: boolean) {
    const defaults = HeaderFields.from(headers)
    for (const name of ['host', 'content-length', 'transfer-encoding']) {
      if (defaults.has(name)) {
        throw new TypeError(`Cannot send header "${name}" with each request of a session`)
      }
    }
    if (!defaults.has('user-agent')) defaults.append('User-Agent', 'spool')
    if (!defaults.has('accept')) defaults.append('Accept', '*/*')
    this.#offersCodings = decompress && !defaults.has('accept-encoding')
    if (this.#offersCodings) defaults.append('Accept-Encoding', acceptedCodings())
    this.#defaults = defaults
    this.#defaultLines = writeFields(defaults.raw)
    this.#closes = saysClose(defaults)
    this.#hasCookie = defaults.has('cookie')
    this.#taken = new Set([...defaults.keys(), ...framingNames])
  }

  /** The lines that all requests to an origin have in common. */
  linesFor(origin: Origin): string {
    return writeFields(['Host', origin.host]) + this.#defaultLines
  }

  /**
   * Whether the session's headers are right for a request with these settings, and with these cookies
   * of the session behind them.
   */
  suits(settings: RequestSettings, cookie = ''): boolean {
    if (cookie !== '' && this.#hasCookie) return false
    return settings.decompress || !this.#offersCodings
  }

  /**
   * The session's headers with the request's own over them: all that is sent, but for what follows
   * from the host and from the length of the body. Their list is shared, and copied by who changes it.
   */
  merged(
    url: RequestURL,
    own: HeaderFields | undefined,
    type: string | undefined,
    settings: RequestSettings,
  ): HeaderFields {
    const suited = this.suits(settings)
    if (own === undefined && type === undefined && url.userInfo === undefined && suited) {
      return new HeaderFields(this.#defaults.raw)
    }
    const fields = HeaderFields.from(this.#defaults)
    if (!suited) fields.delete('accept-encoding')
    const given = own === undefined ? [] : own.raw
    for (let index = 0; index < given.length; index += 2) fields.delete(given[index] as string)
    for (let index = 0; index < given.length; index += 2) {
      fields.append(given[index] as string, given[index + 1] as string)
    }
    if (type !== undefined && !fields.has('content-type')) fields.append('Content-Type', type)
    if (url.userInfo !== undefined && !fields.has('authorization')) {
      fields.append('Authorization', basicOf(url.userInfo))
    }
    return new HeaderFields(fields.raw)
  }

  /** The head of a request that has nothing but a URL and the session's headers. */
  plain(method: string, target: string, lines: string): Framed {
    if (!knownMethods.has(method)) checkMethod(method, undefined)
    const head = methodsWithBody.has(method)
      ? `${method} ${target} HTTP/1.1\r\n${lines}Content-Length: 0\r\n\r\n`
      : `${method} ${target} HTTP/1.1\r\n${lines}\r\n`
    return { head, framing: 0, closes: this.#closes }
  }

  /**
   * The head of a request whose own headers say nothing that the session's, or the framing, say too;
   * undefined if they do: then they are to be merged.
   */
  extended(
    method: string,
    target: string,
    lines: string,
    own: HeadersInput | undefined,
    content: RequestContent | undefined,
  ): Framed | undefined {
    const { body, type } = content ?? noContent
    let rest = ''
    let typed = false
    if (own !== undefined) {
      const { raw } = own instanceof HeaderFields ? own : HeaderFields.from(own)
      for (let index = 0; index < raw.length; index += 2) {
        const name = (raw[index] as string).toLowerCase()
        if (this.#taken.has(name)) return undefined
        if (name === 'content-type') typed = true
      }
      rest = writeFields(raw)
    }
    if (type !== undefined && !typed) {
      if (this.#taken.has('content-type')) return undefined
      rest += writeFields(['Content-Type', type])
    }
    if (!knownMethods.has(method)) checkMethod(method, body)
    const framing = body?.length ?? 'chunked'
    if (body === undefined) rest += methodsWithBody.has(method) ? 'Content-Length: 0\r\n' : ''
    else if (framing === 'chunked') rest += 'Transfer-Encoding: chunked\r\n'
    else rest += `Content-Length: ${framing}\r\n`
    const head = `${method} ${target} HTTP/1.1\r\n${lines}${rest}\r\n`
    return { head, framing, closes: this.#closes }
  }

  /** The head of a request with these headers and no others but `Host` and the length of the body. Throws TypeError or ProtocolError. */
  written(
    method: string,
    url: RequestURL,
    headers: HeaderFields,
    body: OutgoingBody | undefined,
    { prefix, proxyLines }: { readonly prefix: string; readonly proxyLines: string },
  ): Framed {
    checkMethod(method, body)
    const given = headers.raw
    const fields: string[] = []
    if (!headers.has('host')) fields.push('Host', url.origin.host)
    for (let index = 0; index < given.length; index += 2) {
      const name = given[index] as string
      if (sameName(name, 'content-length') || sameName(name, 'transfer-encoding')) continue
      fields.push(name, given[index + 1] as string)
    }
    if (url.userInfo !== undefined && !headers.has('authorization')) {
      fields.push('Authorization', basicOf(url.userInfo))
    }
    const framing = framingOf(headers, body)
    if (body === undefined) {
      if (methodsWithBody.has(method)) fields.push('Content-Length', '0')
    } else if (framing === 'chunked') fields.push('Transfer-Encoding', 'chunked')
    else fields.push('Content-Length', String(framing))
    const written = writeRequestHead(method, prefix + url.target, fields)
    // Before the empty line at its end.
    const head = proxyLines === '' ? written : `${written.slice(0, -2)}${proxyLines}\r\n`
    return { head, framing, closes: saysClose(headers) }
  }
}

// RFC 9112 §9.6.
function saysClose(headers: HeaderFields): boolean {
  return /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(headers.get('connection') ?? '')
}

function checkMethod(method: string, body: OutgoingBody | undefined): void {
  if (!token.test(method)) {
    throw new TypeError(`Cannot send method ${JSON.stringify(method)}: expected a token`)
  }
  // RFC 9110 §9.3.6: what follows it is not HTTP, so it is no request of a session.
  if (method === 'CONNECT') {
    throw new TypeError('Cannot send method "CONNECT": tunnels are made by the option "proxy"')
  }
  // RFC 9110 §9.3.8: "A client MUST NOT send content in a TRACE request."
  if (method === 'TRACE' && body !== undefined) {
    throw new TypeError('Cannot send a body with method "TRACE": it must not have one')
  }
}

// How the body ends is ours to say, and must be true (RFC 9112 §6). A caller may promise the length of
// a stream, which is held against it, or ask for chunks.
function framingOf(headers: HeaderFields, body: OutgoingBody | undefined): number | 'chunked' {
  const coding = headers.get('transfer-encoding')
  const promised = headers.get('content-length')
  const length = body === undefined ? 0 : body.length
  if (coding !== null) {
    if (coding.toLowerCase() === 'chunked' && promised === null && body?.kind === 'stream') {
      return 'chunked'
    }
    throw new ProtocolError(
      'local',
      `Cannot send Transfer-Encoding "${coding}": only "chunked" is, with a streamed body`,
    )
  }
  if (promised === null) return length ?? 'chunked'
  const number = /^\d{1,15}$/.test(promised) ? Number(promised) : Number.NaN
  if (number === (length ?? number)) return number
  throw new ProtocolError(
    'local',
    `Cannot send Content-Length "${promised}": the body has ${length ?? 'an unknown number of'} bytes`,
  )
}

// What is percent-encoded in a URL is not in a header.
function basicOf(userInfo: string): string {
  const colon = userInfo.indexOf(':')
  if (colon < 0) return basic(decoded(userInfo), '')
  return basic(decoded(userInfo.slice(0, colon)), decoded(userInfo.slice(colon + 1)))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not percent-encoded: as it is.
    return text
  }
}
