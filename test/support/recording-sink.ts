import { enclosingScope } from '../../src/concurrency/scope/context.ts'
import type { Sink, Transport } from '../../src/io/transport.ts'

/** What came, in order. Bytes that came one after the other are one `data`. */
export type SinkEvent = 'data' | 'end' | 'drain' | 'closed'

/**
 * A sink that keeps all it is told, and that a test can wait on. The hooks run inside the call:
 * for what a test does from there.
 */
export class RecordingSink implements Sink {
  readonly events: SinkEvent[] = []
  /** Each `data()`, copied. */
  readonly chunks: Buffer[] = []
  byteCount = 0
  drains = 0
  error: Error | undefined = undefined
  /** Calls that came inside some scope: none is right. */
  callsInScopes = 0
  onData: ((bytes: Uint8Array) => void) | undefined = undefined
  onEnd: (() => void) | undefined = undefined
  onClosed: (() => void) | undefined = undefined
  readonly #waiting = new Set<() => void>()

  data(bytes: Uint8Array, _shared: boolean): void {
    this.chunks.push(Buffer.from(bytes))
    this.byteCount += bytes.length
    if (this.events.at(-1) !== 'data') this.events.push('data')
    this.onData?.(bytes)
    this.#told()
  }

  end(): void {
    this.events.push('end')
    this.onEnd?.()
    this.#told()
  }

  drain(): void {
    this.drains++
    this.events.push('drain')
    this.#told()
  }

  closed(error?: Error): void {
    this.events.push('closed')
    this.error = error
    this.onClosed?.()
    this.#told()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  /** All bytes so far, as latin1. */
  get text(): string {
    return this.bytes.toString('latin1')
  }

  get ended(): boolean {
    return this.events.includes('end')
  }

  get isClosed(): boolean {
    return this.events.includes('closed')
  }

  /** Resolves once `condition` holds; it is looked at after each call. */
  until(condition: (sink: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition(this)) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  untilText(text: string): Promise<void> {
    return this.until((sink) => sink.byteCount >= text.length && sink.text === text)
  }

  untilClosed(): Promise<void> {
    return this.until((sink) => sink.isClosed)
  }

  #told(): void {
    if (enclosingScope() !== undefined) this.callsInScopes++
    for (const look of Array.from(this.#waiting)) look()
  }
}

/** Starts the transport with a sink that records; `ending`: it answers the peer's end with its own. */
export function record(transport: Transport, options: { ending?: boolean } = {}): RecordingSink {
  const sink = new RecordingSink()
  if (options.ending === true) sink.onEnd = () => transport.end()
  transport.start(sink)
  return sink
}
