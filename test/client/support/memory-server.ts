/**
 * Servers in the hands of a test, without sockets: what a session opens is one end of a memory pair, and
 * a script has the other. With the mock clock everything about a request is decided by the test.
 */
import { expect } from 'vitest'
import { ClientSession, type ClientSessionOptions } from 'spool/client'
import {
  memoryPair,
  type MemoryPairOptions,
  type MemoryTransport,
} from '../../../src/io/memory-transport.ts'
import type { Transport } from '../../../src/io/transport.ts'
import { settle } from '../../../src/testing/settle.ts'
import { record, type RecordingSink } from '../../support/recording-sink.ts'

/** One request as it came over the wire. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  /** In order and in the spelling in which they came. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** By a name in lower case; several of one name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** By its length, or unchunked. */
  readonly body: string
  /** Head and body as they came. */
  readonly raw: string
}

/** The server's end of one connection. */
export class MemoryPeer {
  readonly #client: MemoryTransport
  readonly #server: MemoryTransport
  readonly #sink: RecordingSink
  #taken = 0
  // All that came, so far as it was looked at.
  #text = ''
  #chunks = 0

  constructor(client: MemoryTransport, server: MemoryTransport) {
    this.#client = client
    this.#server = server
    this.#sink = record(server)
  }

  /** All that came and was not taken by `request()`. */
  get pending(): string {
    const { chunks } = this.#sink
    for (; this.#chunks < chunks.length; this.#chunks++) {
      this.#text += chunks[this.#chunks]?.toString('latin1')
    }
    return this.#text.slice(this.#taken)
  }

  /** Whether the session has closed its end. */
  get closed(): boolean {
    return this.#client.closed
  }

  /** Whether the session does not read. */
  get paused(): boolean {
    return this.#client.paused
  }

  /** Waits for the next request, and takes it. */
  async request(): Promise<SeenRequest> {
    let found: SeenRequest | number = 0
    await this.#sink.until(({ byteCount }) => {
      // A number is how much it takes at least: large bodies are not looked at with each chunk.
      if (typeof found === 'number' && byteCount - this.#taken >= found) found = parse(this.pending)
      return typeof found !== 'number'
    })
    const request = found as unknown as SeenRequest
    this.#taken += request.raw.length
    return request
  }

  /** Waits for so many bytes, and takes them. */
  async skip(length: number): Promise<void> {
    await this.#sink.until(() => this.pending.length >= length)
    this.#taken += length
  }

  /** Waits until what was not taken yet holds this. */
  untilPending(text: string): Promise<void> {
    return this.#sink.until(() => this.pending.includes(text))
  }

  send(text: string | Uint8Array): void {
    this.#server.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  respond(body: string | Uint8Array = '', options?: { status?: string; fields?: string }): void {
    this.send(response(body, options))
  }

  /** Sends FIN. */
  end(): void {
    this.#server.end()
  }

  reset(): void {
    this.#server.reset()
  }

  /** Stops to read, so that the session's writes pile up. */
  pause(): void {
    this.#server.pause()
  }

  resume(): void {
    this.#server.resume()
  }

  /** Reads so many bytes, or a little more, and pauses again. */
  async take(length: number): Promise<void> {
    const end = this.#sink.byteCount + length
    this.#server.resume()
    await this.#sink.until(({ byteCount }) => byteCount >= end)
    this.#server.pause()
  }

  /** Resolves when the session has closed its end. */
  untilClosed(): Promise<void> {
    return this.#sink.until(({ ended, isClosed }) => ended || isClosed)
  }

  closedEnds(): readonly MemoryTransport[] {
    return [this.#client, this.#server]
  }
}

/** What the server does with one connection; `index` counts them from 0. */
export type MemoryScript = (peer: MemoryPeer, index: number) => Promise<void> | void

export class MemoryServer {
  /** All connections there have been. */
  readonly peers: MemoryPeer[] = []
  readonly #script: MemoryScript
  readonly #pair: MemoryPairOptions

  constructor(script: MemoryScript, pair: MemoryPairOptions = {}) {
    this.#script = script
    this.#pair = pair
  }

  /** How many connections the session has not closed. */
  get open(): number {
    return this.peers.filter(({ closed }) => !closed).length
  }

  /** For the constructor of a session, in the place of sockets. */
  connect(): Transport {
    const [client, server] = memoryPair(this.#pair)
    const peer = new MemoryPeer(client, server)
    const index = this.peers.push(peer) - 1
    void this.#script(peer, index)
    return client
  }
}

/** A session whose connections are all to a server that plays `script`. */
export class MemoryFixture implements AsyncDisposable {
  readonly server: MemoryServer
  readonly session: ClientSession

  constructor(
    script: MemoryScript = answer('hello'),
    options: ClientSessionOptions = {},
    pair: MemoryPairOptions = {},
  ) {
    this.server = new MemoryServer(script, pair)
    this.session = new ClientSession({ baseUrl: 'http://test', ...options }, () =>
      Promise.resolve(this.server.connect()),
    )
  }

  /** Closes the session, and checks that it left nothing behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close()
    await checkNothingLeft(this)
  }
}

/** Checks that nothing is left of any request in the session, and each of its connections is closed. */
export async function checkNothingLeft({ session, server }: MemoryFixture): Promise<void> {
  await settle()
  expect(session.statistics()).toMatchObject({
    open: 0,
    active: 0,
    idle: 0,
    connecting: 0,
    waiting: 0,
  })
  expect(server.open, 'connections that are open').toBe(0)
}

/** A script that answers each request with the same body. */
export function answer(
  body: string | Uint8Array,
  options?: { status?: string; fields?: string },
): MemoryScript {
  return answerRaw(response(body, options))
}

/** A script that answers each request with the same bytes. */
export function answerRaw(bytes: string | Uint8Array): MemoryScript {
  return async (peer) => {
    for (;;) {
      await peer.request()
      peer.send(bytes)
    }
  }
}

/** A script that answers one request after the other, and then no more. */
export function answerEach(...responses: readonly (string | Uint8Array)[]): MemoryScript {
  let next = 0
  return async (peer) => {
    for (;;) {
      await peer.request()
      const bytes = responses[next++]
      if (bytes !== undefined) peer.send(bytes)
    }
  }
}

/** A whole response with a right length. */
export function response(
  body: string | Uint8Array = '',
  options: { status?: string; fields?: string } = {},
): Buffer {
  const { status = '200 OK', fields = '' } = options
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const head = `HTTP/1.1 ${status}\r\nContent-Length: ${bytes.byteLength}\r\n${fields}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes])
}

/** A whole redirect. */
export function redirect(status: number, location: string): Buffer {
  return response('moved', { status: `${status} Moved`, fields: `Location: ${location}\r\n` })
}

/** The request that the text begins with; a number: it has so many bytes at least. */
function parse(text: string): SeenRequest | number {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return text.length + 1
  const [line = '', ...lines] = text.slice(0, end).split('\r\n')
  const [method = '', target = ''] = line.split(' ')
  const fields = lines.map((one) => {
    const colon = one.indexOf(':')
    return [one.slice(0, colon), one.slice(colon + 1).trim()] as const
  })
  const headers: Record<string, string> = {}
  for (const [name, value] of fields) {
    const key = name.toLowerCase()
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  const rest = text.slice(end + 4)
  const found = headers['transfer-encoding'] === undefined ? byLength(headers, rest) : chunks(rest)
  if (typeof found === 'number') return end + 4 + found
  const [body, used] = found
  return { method, target, fields, headers, body, raw: text.slice(0, end + 4 + used) }
}

function byLength(
  headers: Record<string, string>,
  rest: string,
): [body: string, used: number] | number {
  const length = Number(headers['content-length'] ?? 0)
  return rest.length < length ? length : [rest.slice(0, length), length]
}

function chunks(rest: string): [body: string, used: number] | number {
  let body = ''
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at)
    if (lineEnd < 0) return rest.length + 1
    const size = Number.parseInt(rest.slice(at, lineEnd), 16)
    const end = lineEnd + 2 + size
    if (rest.length < end + 2) return end + 2
    body += rest.slice(lineEnd + 2, end)
    at = end + 2
    if (size === 0) return [body, at]
  }
}
