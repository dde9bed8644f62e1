import { type CapturedContext, runInContext, runInScope } from '../../concurrency/scope/context.ts'
import { Scope } from '../../concurrency/scope/scope.ts'
import { type BodyFraming, BodyWriter, writeChunks } from '../../http/body-writer.ts'
import type { BodyChunks } from '../../http/outgoing-body.ts'
import type { Transport } from '../../io/transport.ts'

/** The exchange, as its upload sees it. */
export interface UploadEvents {
  /** The peer is slow: nothing more is written until it has taken some. */
  held(): void
  /** All of it is written. */
  uploaded(): void
  /** The source threw, or did not keep to its length. */
  abort(error: unknown): void
}

/**
 * Sends a body in chunks. The source runs in a scope of its own below that of the request: it is
 * cancelled with the request, and when nobody wants the rest since the answer came first.
 */
export class Upload {
  readonly #writer: BodyWriter
  readonly #framing: BodyFraming
  readonly #scope: Scope
  readonly #events: UploadEvents
  #over = false

  constructor(transport: Transport, framing: BodyFraming, scope: Scope, events: UploadEvents) {
    this.#writer = new BodyWriter(transport, framing, () => events.held())
    this.#framing = framing
    this.#scope = new Scope(scope)
    this.#events = events
  }

  /** Whether the transport has asked to wait. */
  get full(): boolean {
    return this.#writer.full
  }

  /** Whether all that was promised is sent, though the source has not said yet that it is at its end. */
  get complete(): boolean {
    return this.#writer.written === this.#framing && !this.#writer.full
  }

  /** Sends everything; the source runs with the stores of `context`. */
  async run(chunks: BodyChunks, context: CapturedContext | undefined): Promise<void> {
    try {
      if (context === undefined) await this.#write(chunks)
      else await runInContext(context, (all) => this.#write(all), chunks)
      if (!this.#over) this.#events.uploaded()
    } catch (error) {
      if (!this.#over) this.#events.abort(error)
    } finally {
      this.#over = true
      this.#scope.end()
    }
  }

  #write(chunks: BodyChunks): Promise<void> {
    return runInScope(this.#scope, () => writeChunks(this.#writer, chunks))
  }

  drained(): void {
    this.#writer.drained()
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.#over) return
    this.#over = true
    this.#scope.cancel('the exchange is over')
  }
}
