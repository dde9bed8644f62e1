/** Between `ByteStream` and the streams of the web platform. */
import { outsideScopes } from '../../concurrency/scope/context.ts'
import type { ByteStream } from './byte-stream.ts'

/** The two halves of a connection, as the web platform has them. */
export interface WebStreamPair {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/**
 * Both halves as streams of the web platform, with backpressure. Use the stream through them alone from now on.
 * Cancelling the one or aborting the other aborts the stream; it is closed when both are at their end.
 */
export function toWeb(stream: ByteStream): WebStreamPair {
  let open = 2
  const halfDone = async (): Promise<void> => {
    if (--open === 0) await stream.close()
  }
  return outsideScopes(() => ({
    readable: new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const bytes = await stream.read()
          if (bytes !== undefined) return controller.enqueue(bytes)
          controller.close()
          return halfDone()
        },
        cancel: () => stream.abort(),
      },
      // Nothing is read before somebody asks: the stream has a buffer of its own.
      { highWaterMark: 0 },
    ),
    writable: new WritableStream<Uint8Array>({
      write: (bytes) => stream.write(bytes),
      close() {
        stream.end()
        return halfDone()
      },
      abort: () => stream.abort(),
    }),
  }))
}
