import type { FieldList } from '../../wire/http1/messages.ts'

/** Where the body of a response goes. All are called synchronously, and outside every scope. */
export interface BodyReceiver {
  /** `shared` bytes are valid during the call only. */
  push(bytes: Uint8Array, shared: boolean): void
  end(trailers: FieldList): void
  /** The rest won't come. */
  fail(error: unknown): void
}
