import { checkFunction, show } from '../../concurrency/scope/arguments.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { ByteStream } from './byte-stream.ts'

export interface CopyStreamOptions {
  /** Told after each chunk how many bytes have been copied so far. */
  onProgress?: (bytes: number) => void
}

const optionNames: Names<CopyStreamOptions> = { onProgress: true }

/**
 * Copies all that comes from `source` into `target`, no faster than `target` takes it, and resolves with the
 * number of bytes when `source` is at its end. Neither is ended or closed.
 *
 * Cancellation: the chunk that was read last may not have been written; neither stream is to be used for more of
 * the same bytes then.
 *
 * @throws what reading or writing throws
 */
export async function copyStream(
  source: ByteStream,
  target: ByteStream,
  options: CopyStreamOptions = {},
): Promise<number> {
  for (const stream of [source, target]) {
    if (stream instanceof ByteStream) continue
    throw new TypeError(`Cannot copy a stream: expected a ByteStream, got ${show(stream)}`)
  }
  checkNames(options, optionNames, 'copyStream()')
  const { onProgress } = options
  if (onProgress !== undefined) checkFunction('tell the progress of a copy', onProgress)
  let copied = 0
  for (let bytes = await source.read(); bytes !== undefined; bytes = await source.read()) {
    copied += bytes.length
    await target.write(bytes)
    onProgress?.(copied)
  }
  return copied
}
