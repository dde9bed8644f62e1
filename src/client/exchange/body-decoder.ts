/**
 * Undoes a content coding between an exchange and whoever wants the body. It goes on when the exchange
 * is over and the connection free, so it is a member of the scope itself.
 */
import type { CancelledError } from '../../concurrency/errors.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { type Scope, ScopeMember } from '../../concurrency/scope/scope.ts'
import { type Decompressor, decompressor, isKnownCoding } from '../../http/compression.ts'
import type { BodySource } from '../../http/incoming-body.ts'
import type { FieldList, ResponseHead } from '../../wire/http1/messages.ts'
import type { ResponseFacts } from '../connection/response-facts.ts'
import type { RequestSettings } from '../request/request-options.ts'
import { openScope } from './open-scope.ts'
import type { BodyReceiver } from './body-receiver.ts'
import { codingErrorOf, tooLargeOf } from './exchange-failures.ts'

/** The exchange, as its decoder sees it. */
export interface EncodedSource extends BodySource {
  /** For messages. */
  readonly name: string
  abort(error: unknown): void
}

// A bomb is small and becomes large. Nothing that is sent on purpose shrinks so far, and is so large:
// text comes to a tenth, logs to a fiftieth. Who expects more says so by `maxResponseSize`.
const bombSize = 64 * 2 ** 20
const bombRatio = 250

/** A decoder for the body of a response, if it needs one. */
export function decoderFor(
  exchange: EncodedSource,
  head: ResponseHead,
  facts: ResponseFacts,
  settings: RequestSettings,
  scope: Scope,
): BodyDecoder | undefined {
  const coding = facts.contentEncoding
  if (coding === undefined || head.framing === 'none') return undefined
  if (!settings.decompress || !isKnownCoding(coding)) return undefined
  return new BodyDecoder(coding, exchange, settings.maxResponseSize, scope)
}

export class BodyDecoder extends ScopeMember implements BodyReceiver, BodySource {
  /** Who gets the decoded body. */
  target: BodyReceiver | undefined = undefined
  readonly #coding: string
  readonly #source: EncodedSource
  readonly #maxSize: number
  readonly #scope: Scope
  #stream: Decompressor | undefined = undefined
  #trailers: FieldList = []
  #read = 0
  #decoded = 0
  #held = false
  #over = false

  constructor(coding: string, source: EncodedSource, maxSize: number, scope: Scope) {
    super()
    this.#coding = coding
    this.#source = source
    this.#maxSize = maxSize
    this.#scope = scope
  }

  // From the exchange.

  push(bytes: Uint8Array, shared: boolean): void {
    if (this.#over || bytes.byteLength === 0) return
    this.#read += bytes.byteLength
    this.#stream ??= this.#start(bytes[0] as number)
    if (!this.#stream.write(shared ? Buffer.from(bytes) : bytes)) this.#source.pause()
  }

  end(trailers: FieldList): void {
    this.#trailers = trailers
    // An empty body is one in every coding.
    if (this.#stream === undefined) this.#complete()
    else this.#stream.end()
  }

  fail(error: unknown): void {
    if (this.#stop()) this.target?.fail(error)
  }

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    this.fail(error)
  }

  // From whoever reads the body.

  pause(): void {
    this.#held = true
    this.#stream?.pause()
  }

  resume(): void {
    this.#held = false
    this.#stream?.resume()
  }

  abandon(): void {
    this.#stop()
    this.#source.abandon()
  }

  #start(first: number): Decompressor {
    openScope(this.#scope).addMember(this)
    return outsideScopes(() => {
      const stream = decompressor(this.#coding, first)
      stream.on('data', (chunk: Buffer) => this.#give(chunk))
      stream.on('drain', () => {
        if (!this.#over) this.#source.resume()
      })
      stream.on('end', () => this.#complete())
      stream.on('error', (cause) => {
        this.#refuse(codingErrorOf(this.#source.name, this.#coding, cause))
      })
      if (this.#held) stream.pause()
      return stream
    })
  }

  #give(chunk: Uint8Array): void {
    if (this.#over) return
    this.#decoded += chunk.byteLength
    if (this.#decoded > this.#maxSize) this.#refuse(tooLargeOf(this.#source.name, this.#maxSize))
    else if (this.#isBomb) this.#refuse(tooLargeOf(this.#source.name, bombSize))
    else this.target?.push(chunk, false)
  }

  get #isBomb(): boolean {
    if (this.#decoded <= bombSize || this.#maxSize !== Infinity) return false
    return this.#decoded > bombRatio * this.#read
  }

  #refuse(error: Error): void {
    this.fail(error)
    this.#source.abort(error)
  }

  #complete(): void {
    if (this.#stop()) this.target?.end(this.#trailers)
  }

  #stop(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#stream?.destroy()
    this.memberOf?.removeMember(this)
    return true
  }
}
