import type { FieldList } from '../../wire/http1/messages.ts'
import type { TransferProgress } from '../request/upload-progress.ts'
import type { BodyReceiver } from './body-receiver.ts'

/** Tells how much of a body has come, as it comes: before it is decompressed, as its length is said. */
export class DownloadProgress implements BodyReceiver {
  readonly #target: BodyReceiver
  readonly #tell: (progress: TransferProgress) => void
  readonly #total: number | undefined
  readonly #abort: (error: unknown) => void
  #transferred = 0

  /** `abort` ends the exchange: it is given what `tell` throws. */
  constructor(
    target: BodyReceiver,
    tell: (progress: TransferProgress) => void,
    total: number | undefined,
    abort: (error: unknown) => void,
  ) {
    this.#target = target
    this.#tell = tell
    this.#total = total
    this.#abort = abort
  }

  push(bytes: Uint8Array, shared: boolean): void {
    this.#transferred += bytes.byteLength
    try {
      this.#tell({ transferred: this.#transferred, total: this.#total })
    } catch (error) {
      this.#abort(error)
      return
    }
    this.#target.push(bytes, shared)
  }

  end(trailers: FieldList): void {
    this.#target.end(trailers)
  }

  fail(error: unknown): void {
    this.#target.fail(error)
  }
}
