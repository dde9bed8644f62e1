/** Makes exchanges of requests: finds the place to send them to, and writes their heads. */
import type { Scope } from '../../concurrency/scope/scope.ts'
import { HeaderFields, sameName } from '../../http/header-fields.ts'
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import { ProtocolError } from '../../wire/errors.ts'
import type { FieldList } from '../../wire/http1/messages.ts'
import { writeFields } from '../../wire/http1/writing/head-writer.ts'
import { HostEntry } from '../connection/host-entry.ts'
import { Exchange, type ExchangeEvents } from '../exchange/exchange.ts'
import type { SessionPool } from '../exchange/session-pool.ts'
import type { Origin } from '../url/origin.ts'
import { URLReader } from '../url/request-url.ts'
import type { ClientRequest } from './client-request.ts'

// RFC 9110 §9.1: a token. Methods are few, so most are known.
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
// A crawl of a million hosts is not to fill the memory; an entry that is in use is kept by its users.
const mostHosts = 10_000

export class RequestWriter {
  readonly #urls = new URLReader()
  readonly #hosts = new Map<Origin, HostEntry>()
  readonly #pool: SessionPool
  readonly #defaults: FieldList
  readonly #defaultLines: string

  /** `defaults`: the headers that every request has unless it brings its own. */
  constructor(pool: SessionPool, defaults: FieldList) {
    this.#pool = pool
    this.#defaults = defaults
    this.#defaultLines = writeFields(defaults)
  }

  exchange(request: ClientRequest, until: number, events: ExchangeEvents, scope: Scope): Exchange {
    const { method, url, headers, body, timeouts } = request
    const { origin, target, userInfo } = this.#urls.read(url)
    const host = this.#host(origin)
    if (!knownMethods.has(method) && !token.test(method)) {
      throw new TypeError(`Cannot send method ${JSON.stringify(method)}: expected a token`)
    }
    const lines =
      headers.raw.length === 0 && body === undefined && userInfo === undefined
        ? host.lines
        : this.#lines(host, headers, body, method, userInfo)
    const head = `${method} ${target} HTTP/1.1\r\n${lines}\r\n`
    return new Exchange(this.#pool, host, { method, head, body, timeouts, until }, events, scope)
  }

  #host(origin: Origin): HostEntry {
    let host = this.#hosts.get(origin)
    if (host === undefined) {
      host = new HostEntry(origin, this.#defaultLines)
      if (this.#hosts.size >= mostHosts) this.#forgetUnused()
      this.#hosts.set(origin, host)
    }
    return host
  }

  #forgetUnused(): void {
    for (const [origin, host] of this.#hosts) {
      if (host.open === 0 && host.firstWaiting === undefined) this.#hosts.delete(origin)
    }
  }

  #lines(
    host: HostEntry,
    headers: HeaderFields,
    body: OutgoingBody | undefined,
    method: string,
    userInfo: string | undefined,
  ): string {
    const own = headers.raw
    const fields: string[] = []
    if (!has(own, 'host')) fields.push('Host', host.origin.host)
    const defaults = this.#defaults
    for (let index = 0; index < defaults.length; index += 2) {
      const name = defaults[index] as string
      if (!has(own, name)) fields.push(name, defaults[index + 1] as string)
    }
    fields.push(...own)
    if (userInfo !== undefined && !has(own, 'authorization')) {
      fields.push('Authorization', basic(userInfo))
    }
    frame(fields, own, body, method)
    return writeFields(fields)
  }
}

// RFC 9112 §6: how the body ends is ours to say, and must be true.
function frame(
  fields: string[],
  own: FieldList,
  body: OutgoingBody | undefined,
  method: string,
): void {
  if (has(own, 'transfer-encoding')) {
    throw new ProtocolError('local', 'Cannot send "Transfer-Encoding": it follows from the body')
  }
  const given = new HeaderFields(own).get('content-length')
  const length = body === undefined ? undefined : body.length
  if (given !== null && given !== String(length ?? 0)) {
    const actual = length ?? (body === undefined ? 0 : 'not known')
    throw new ProtocolError(
      'local',
      `Cannot send Content-Length "${given}": the length of the body is ${actual}`,
    )
  }
  if (given !== null) return
  if (length !== undefined) fields.push('Content-Length', String(length))
  else if (body !== undefined) fields.push('Transfer-Encoding', 'chunked')
  // RFC 9110 §8.6: methods that anticipate a body say that there is none.
  else if (method === 'POST' || method === 'PUT' || method === 'PATCH')
    fields.push('Content-Length', '0')
}

function has(fields: FieldList, name: string): boolean {
  for (let index = 0; index < fields.length; index += 2) {
    if (sameName(fields[index] as string, name)) return true
  }
  return false
}

function basic(userInfo: string): string {
  let plain = userInfo
  try {
    plain = decodeURIComponent(userInfo)
  } catch {
    // Not percent-encoded: as it is.
  }
  return `Basic ${Buffer.from(plain).toString('base64')}`
}
