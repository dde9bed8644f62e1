/**
 * TLS sessions to resume (RFC 8446 §2.2, RFC 5077): a handshake that was made once for a name is
 * shorter the next time, and needs no signature.
 *
 * A resumed session is not verified again, so a session is found only by those who would verify in
 * the same way: by the same options object, for the same name.
 */
import type { TLSSocket } from 'node:tls'
import type { TLSOptions } from '../transport.ts'

export class TLSSessions {
  readonly #limit: number
  // In the order in which they came: the oldest goes first.
  readonly #sessions = new Map<string, Buffer>()
  readonly #ids = new WeakMap<TLSOptions, number>()
  #lastId = 0

  /** `limit`: how many are kept. Default 100, as Node.js does; some 2 KiB each. */
  constructor(limit: number = 100) {
    this.#limit = limit
  }

  get size(): number {
    return this.#sessions.size
  }

  clear(): void {
    this.#sessions.clear()
  }

  /** @internal What to say in the handshake. */
  offer(options: TLSOptions, host: string): { session?: Buffer } {
    const session = this.#sessions.get(this.#keyOf(options, host))
    return session === undefined ? {} : { session }
  }

  /** @internal The peer is who it should be: keeps what it gave, and will give. */
  keep(socket: TLSSocket, options: TLSOptions, host: string): void {
    const key = this.#keyOf(options, host)
    // TLS 1.3 sends its tickets after the handshake; before it there is one session, made in it.
    const session = socket.getProtocol() === 'TLSv1.3' ? undefined : socket.getSession()
    if (session !== undefined) this.#put(key, session)
    socket.on('session', (session) => this.#put(key, session))
  }

  /** @internal A handshake failed: the next one is to be a whole one. */
  forget(options: TLSOptions, host: string): void {
    this.#sessions.delete(this.#keyOf(options, host))
  }

  #put(key: string, session: Buffer): void {
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    if (this.#sessions.size <= this.#limit) return
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest)
      return
    }
  }

  #keyOf(options: TLSOptions, host: string): string {
    let id = this.#ids.get(options)
    if (id === undefined) this.#ids.set(options, (id = ++this.#lastId))
    return `${id} ${options.servername ?? host}`
  }
}
