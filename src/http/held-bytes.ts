import { smallPiece, SmallPieces } from './small-pieces.ts'

const nothing = Buffer.alloc(0)

/** Bytes that have come and wait to be taken, as they came. Small pieces share blocks. */
export class HeldBytes {
  // Undefined while there are none.
  #pieces: Uint8Array[] | undefined = undefined
  #small: SmallPieces | undefined = undefined
  #size = 0

  /** In bytes. */
  get size(): number {
    return this.#size
  }

  /** `shared` bytes are copied. */
  add(bytes: Uint8Array, shared: boolean): void {
    const pieces = this.#pieces
    this.#size += bytes.byteLength
    if (pieces === undefined) this.#pieces = [shared ? Buffer.from(bytes) : bytes]
    else if (bytes.byteLength < smallPiece && pieces.length > 0) {
      ;(this.#small ??= new SmallPieces()).add(pieces, bytes)
    } else pieces.push(shared ? Buffer.from(bytes) : bytes)
  }

  /** The first piece; undefined if there is none. */
  take(): Uint8Array | undefined {
    const piece = this.#pieces?.shift()
    if (piece !== undefined) this.#size -= piece.byteLength
    return piece
  }

  /** All of them as one. */
  takeAll(): Uint8Array {
    const pieces = this.#pieces
    this.drop()
    if (pieces === undefined) return nothing
    return pieces.length === 1 ? (pieces[0] ?? nothing) : Buffer.concat(pieces)
  }

  /** A copy of the first `limit` bytes. */
  peek(limit: number): Uint8Array {
    const pieces = this.#pieces ?? []
    const first = pieces[0]
    if (first !== undefined && first.byteLength >= limit) {
      return Buffer.from(first.subarray(0, limit))
    }
    return Buffer.concat(pieces).subarray(0, limit)
  }

  drop(): void {
    this.#pieces = undefined
    this.#size = 0
  }
}
