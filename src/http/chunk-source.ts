/**
 * Chunks of a body on their way through something that looks at them or changes them. Whoever stands
 * between must end the source when it is ended itself, also if nobody has asked for a chunk yet, and
 * must not keep a cancelled scope waiting for the read of a web stream.
 */
import { Readable } from 'node:stream'
import { ScopeMember, currentScope } from '../concurrency/scope/scope.ts'
import type { BodyChunks, OutgoingBody } from './outgoing-body.ts'

/**
 * `source` through `through`, an async generator function. Its `finally` runs if the reader leaves
 * early; and the source is ended also if it was never begun.
 */
export function pipeChunks(
  source: BodyChunks,
  through: (source: BodyChunks) => AsyncGenerator<Uint8Array | string, void>,
): AsyncIterable<Uint8Array | string> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array | string, void> {
      let running: AsyncGenerator<Uint8Array | string, void> | undefined
      return {
        next: () => (running ??= through(source)).next(),
        return: async () => {
          if (running === undefined) await discardChunks(source)
          else await running.return()
          return { value: undefined, done: true }
        },
      }
    },
  }
}

/**
 * The chunks of `source`, one by one. A read of a web stream that is under way can't be left; but the
 * stream is cancelled under it.
 *
 * Cancellation: a stream is cancelled at once. What an iterable does is its own affair.
 */
export async function* readChunks(source: BodyChunks): AsyncGenerator<Uint8Array | string, void> {
  if (!(source instanceof ReadableStream)) {
    yield* source
    return
  }
  const stream = new StreamChunks(source)
  try {
    yield* stream
  } finally {
    stream.release()
  }
}

/** Ends a source of chunks that nobody will read. */
export async function discardChunks(chunks: BodyChunks): Promise<void> {
  if (chunks instanceof ReadableStream) await chunks.cancel()
  else if (chunks instanceof Readable) {
    // Its iterator, where nobody has asked it for a chunk, leaves the stream as it is. A file that is not
    // there says so nevertheless, and nobody else may listen.
    chunks.on('error', () => undefined)
    chunks.destroy()
  } else if (Symbol.asyncIterator in chunks) await chunks[Symbol.asyncIterator]().return?.()
}

/** Ends the source of a body that nobody will read on, if there is but one of it. */
export function discardBody(body: OutgoingBody | undefined): void {
  if (body?.kind !== 'stream' || body.replayable) return
  // Its own failure to stop is no news.
  discardChunks(body.chunks).catch(() => undefined)
}

class StreamChunks extends ScopeMember implements AsyncIterable<Uint8Array | string> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array | string>

  constructor(stream: ReadableStream<Uint8Array | string>) {
    super()
    this.#reader = stream.getReader()
    const scope = currentScope()
    if (scope.error === undefined) scope.addMember(this)
    else this.scopeCancelled(scope.error)
  }

  /** @internal */
  scopeCancelled(reason: Error): void {
    // Its own failure to stop is no news beside the cancellation.
    this.#reader.cancel(reason).catch(() => undefined)
  }

  release(): void {
    this.memberOf?.removeMember(this)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array | string, void> {
    let complete = false
    try {
      for (;;) {
        const { value, done } = await this.#reader.read()
        if (done) break
        yield value
      }
      complete = true
    } finally {
      if (!complete) this.#reader.cancel().catch(() => undefined)
    }
  }
}
