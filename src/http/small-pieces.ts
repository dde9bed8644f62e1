/**
 * Puts small pieces that have come behind what is held already. A sender chooses how small its pieces
 * are: a megabyte in chunks of one byte would be a million buffers, a hundred times as large as their
 * bytes. So they share blocks, which grow with their number.
 */

/** A piece of fewer bytes is small. A larger one costs little beside its bytes when it is held alone. */
export const smallPiece = 512

const firstBlock = 256
const largestBlock = 16_384

export class SmallPieces {
  #block: Uint8Array | undefined = undefined
  // The part of the block that is in use. Only while it is the last one held can anything be put behind it.
  #used: Uint8Array | undefined = undefined

  /** Copies `bytes`, fewer than `smallPiece` of them, behind `pieces`, of which there is one at least. */
  add(pieces: Uint8Array[], bytes: Uint8Array): void {
    const block = this.#block
    const used = this.#used
    const goesOn = used !== undefined && pieces.at(-1) === used
    if (goesOn && block !== undefined && used.byteLength + bytes.byteLength <= block.byteLength) {
      block.set(bytes, used.byteLength)
      pieces[pieces.length - 1] = this.#used = block.subarray(0, used.byteLength + bytes.byteLength)
      return
    }
    // One that follows a full block is larger; where large pieces come between, they stay small.
    const size = goesOn && block !== undefined ? block.byteLength * 2 : firstBlock
    const fitting = Math.max(Math.min(size, largestBlock), bytes.byteLength)
    // Not of the pool: what is left over of it would be kept alive by what is held here.
    this.#block = Buffer.allocUnsafeSlow(fitting)
    this.#block.set(bytes)
    this.#used = this.#block.subarray(0, bytes.byteLength)
    pieces.push(this.#used)
  }
}
