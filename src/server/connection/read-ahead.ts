import { HeldBytes } from '../../http/held-bytes.ts'
import type { Transport } from '../../io/transport.ts'

const nothing = Buffer.alloc(0)

/** Bytes of requests whose turn has not come. When there are enough, the client has to wait. */
export class ReadAhead {
  readonly #transport: Transport
  readonly #limit: number
  // Most clients wait for each answer, so most connections hold nothing.
  #held: HeldBytes | undefined = undefined
  #paused = false

  constructor(transport: Transport, limit: number) {
    this.#transport = transport
    this.#limit = limit
  }

  get size(): number {
    return this.#held === undefined ? 0 : this.#held.size
  }

  /** Keeps what has come; `shared` bytes are copied. */
  add(bytes: Uint8Array, shared: boolean): void {
    const held = (this.#held ??= new HeldBytes())
    held.add(bytes, shared)
    if (held.size < this.#limit) return
    // Again, if need be: the reader of a body lets the client send on without asking here.
    this.#paused = true
    this.#transport.pause()
  }

  /** All of it, as one; the client may send on. */
  take(): Uint8Array {
    const held = this.#held
    this.#held = undefined
    if (this.#paused) {
      this.#paused = false
      this.#transport.resume()
    }
    return held === undefined ? nothing : held.takeAll()
  }
}
