import { runInScope } from '../../concurrency/scope/context.ts'
import type { Scope } from '../../concurrency/scope/scope.ts'
import { type BodyWriter, writeChunks } from '../../http/body-writer.ts'
import type { BodyChunks } from '../../http/outgoing-body.ts'
import type { Exchange } from './exchange.ts'

/** Sends a streamed body in the scope of its request; what the source throws fails the exchange. */
export async function sendBody(
  writer: BodyWriter,
  chunks: BodyChunks,
  exchange: Exchange,
  scope: Scope,
): Promise<void> {
  try {
    await runInScope(scope, () => writeChunks(writer, chunks))
    exchange.sent()
  } catch (error) {
    // If the response came first, the writer was told to stop, and the exchange is over.
    exchange.abort(error)
  }
}
