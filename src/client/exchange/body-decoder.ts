/**
 * Undoes a content coding between an exchange and whoever wants the body. It goes on when the exchange
 * is over and the connection free, so it is a member of the scope itself.
 */
import type { CancelledError } from '../../concurrency/errors.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { type Scope, ScopeMember } from '../../concurrency/scope/scope.ts'
import { type Decompressor, decompressor, knownCodings } from '../../http/compression.ts'
import type { BodySource } from '../../http/incoming-body.ts'
import { smallPiece, SmallPieces } from '../../http/small-pieces.ts'
import type { FieldList, ResponseHead } from '../../wire/http1/messages.ts'
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
// As much as the stream itself holds before it asks for a pause.
const gatheredLimit = 16_384
const nothing = new Uint8Array(0)

/** A decoder for the body of a response, if it needs one; what it decodes first is in `first`. */
export function decoderFor(
  exchange: EncodedSource,
  head: ResponseHead,
  settings: RequestSettings,
  scope: Scope,
): BodyDecoder | undefined {
  const encoding = head.contentEncoding
  if (encoding === undefined || head.framing === 'none' || !settings.decompress) return undefined
  const codings = knownCodings(encoding) ?? []
  let decoder: BodyDecoder | undefined
  // RFC 9110 §8.4: they stand in the order in which they were applied, so the last is undone first.
  for (let at = codings.length - 1; at >= 0; at--) {
    const coding = codings[at] as string
    const inner = decoder
    decoder = new BodyDecoder(coding, inner ?? exchange, settings.maxResponseSize, scope, inner)
    if (inner !== undefined) inner.target = decoder
  }
  return decoder
}

export class BodyDecoder extends ScopeMember implements BodyReceiver, EncodedSource {
  /** Who gets the decoded body. */
  target: BodyReceiver | undefined = undefined
  readonly #coding: string
  readonly #inner: BodyDecoder | undefined
  readonly #source: EncodedSource
  readonly #maxSize: number
  readonly #scope: Scope
  #stream: Decompressor | undefined = undefined
  // Small pieces that came while the stream was busy: each write to it is a job of its own, and dear.
  #gathered: Uint8Array[] | undefined = undefined
  #small: SmallPieces | undefined = undefined
  #gatheredSize = 0
  #trailers: FieldList = []
  #read = 0
  #decoded = 0
  #held = false
  #over = false

  /** `inner`: the decoder whose output this one decodes, if that is its source. */
  constructor(
    coding: string,
    source: EncodedSource,
    maxSize: number,
    scope: Scope,
    inner: BodyDecoder | undefined,
  ) {
    super()
    this.#coding = coding
    this.#inner = inner
    this.#source = source
    this.#maxSize = maxSize
    this.#scope = scope
  }

  get name(): string {
    return this.#source.name
  }

  /** The decoder that takes what comes from the connection. */
  get first(): BodyDecoder {
    return this.#inner?.first ?? this
  }

  // From the exchange.

  push(bytes: Uint8Array, shared: boolean): void {
    if (this.#over || bytes.byteLength === 0) return
    this.#read += bytes.byteLength
    const stream = (this.#stream ??= this.#start(bytes[0] as number))
    if (bytes.byteLength < smallPiece && stream.writableLength > 0) this.#gather(stream, bytes)
    else {
      this.#writeGathered()
      if (!stream.write(shared ? Buffer.from(bytes) : bytes)) this.#source.pause()
    }
  }

  end(trailers: FieldList): void {
    this.#trailers = trailers
    // An empty body is one in every coding.
    if (this.#stream === undefined) this.#complete()
    else {
      this.#writeGathered()
      this.#stream.end()
    }
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

  abort(error: unknown): void {
    this.fail(error)
    this.#source.abort(error)
  }

  #gather(stream: Decompressor, bytes: Uint8Array): void {
    const gathered = this.#gathered
    if (gathered !== undefined) {
      ;(this.#small ??= new SmallPieces()).add(gathered, bytes)
      this.#gatheredSize += bytes.byteLength
      if (this.#gatheredSize > gatheredLimit) this.#writeGathered()
      return
    }
    this.#gathered = [Buffer.from(bytes)]
    this.#gatheredSize = bytes.byteLength
    // Behind what it is busy with.
    stream.write(nothing, () => this.#writeGathered())
  }

  #writeGathered(): void {
    const gathered = this.#gathered
    if (gathered === undefined || this.#over) return
    this.#gathered = undefined
    const bytes = Buffer.concat(gathered)
    if (!this.#stream?.write(bytes)) this.#source.pause()
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
        this.abort(codingErrorOf(this.#source.name, this.#coding, cause))
      })
      if (this.#held) stream.pause()
      return stream
    })
  }

  #give(chunk: Uint8Array): void {
    if (this.#over) return
    this.#decoded += chunk.byteLength
    if (this.#decoded > this.#maxSize) this.abort(tooLargeOf(this.#source.name, this.#maxSize))
    else if (this.#isBomb) this.abort(tooLargeOf(this.#source.name, bombSize))
    else this.target?.push(chunk, false)
  }

  get #isBomb(): boolean {
    if (this.#decoded <= bombSize || this.#maxSize !== Infinity) return false
    // Of what came over the wire: several codings make no larger ratio.
    return this.#decoded > bombRatio * this.first.#read
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
