import { smallPiece, SmallPieces } from '../../http/small-pieces.ts'
import type { Transport } from '../../io/transport.ts'

/** Bytes of requests whose turn has not come. When there are enough, the client has to wait. */
export class ReadAhead {
  readonly #transport: Transport
  readonly #limit: number
  #chunks: Uint8Array[] | undefined = undefined
  #small: SmallPieces | undefined = undefined
  #size = 0
  #paused = false

  constructor(transport: Transport, limit: number) {
    this.#transport = transport
    this.#limit = limit
  }

  get size(): number {
    return this.#size
  }

  /** Keeps what has come; `shared` bytes are copied. */
  add(bytes: Uint8Array, shared: boolean): void {
    const chunks = (this.#chunks ??= [])
    if (bytes.byteLength < smallPiece && chunks.length > 0) {
      ;(this.#small ??= new SmallPieces()).add(chunks, bytes)
    } else chunks.push(shared ? Buffer.from(bytes) : bytes)
    this.#size += bytes.byteLength
    if (this.#size < this.#limit || this.#paused) return
    this.#paused = true
    this.#transport.pause()
  }

  /** All of it, as one; the client may send on. */
  take(): Uint8Array {
    const chunks = this.#chunks ?? []
    this.#chunks = undefined
    this.#size = 0
    if (this.#paused) {
      this.#paused = false
      this.#transport.resume()
    }
    return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
  }
}
