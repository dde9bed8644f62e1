import { type Decompressor, decompressor } from '../../http/compression.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { ProtocolError } from '../../wire/errors.ts'
import type { FieldList } from '../../wire/http1/messages.ts'
import type { BodyReceiver } from './body-receiver.ts'

/** The exchange, as its decoder sees it. */
export interface DecodedSource {
  pause(): void
  resume(): void
  abort(error: unknown): void
}

/** Undoes a content coding between an exchange and whoever wants the body. */
export class BodyDecoder implements BodyReceiver {
  readonly #coding: string
  readonly #receiver: BodyReceiver
  readonly #source: DecodedSource
  #stream: Decompressor | undefined = undefined
  #trailers: FieldList = []
  #held = false
  #over = false

  constructor(coding: string, receiver: BodyReceiver, source: DecodedSource) {
    this.#coding = coding
    this.#receiver = receiver
    this.#source = source
  }

  push(bytes: Uint8Array, shared: boolean): void {
    if (this.#over || bytes.byteLength === 0) return
    const stream = (this.#stream ??= this.#start(bytes[0] ?? 0))
    if (!stream.write(shared ? Buffer.from(bytes) : bytes)) this.#source.pause()
  }

  end(trailers: FieldList): void {
    if (this.#over) return
    this.#trailers = trailers
    // An empty body is one in every coding.
    if (this.#stream === undefined) this.#finish()
    else this.#stream.end()
  }

  fail(error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#stream?.destroy()
    this.#receiver.fail(error)
  }

  /** Stops to hand out, until `resume()`. */
  pause(): void {
    this.#held = true
    this.#stream?.pause()
  }

  resume(): void {
    this.#held = false
    this.#stream?.resume()
  }

  #start(first: number): Decompressor {
    return outsideScopes(() => {
      const stream = decompressor(this.#coding, first)
      stream.on('data', (chunk: Buffer) => {
        if (!this.#over) this.#receiver.push(chunk, false)
      })
      stream.on('drain', () => {
        if (!this.#over) this.#source.resume()
      })
      stream.on('end', () => this.#finish())
      stream.on('error', (cause) => {
        const message = `Cannot decompress the response: it is not ${this.#coding}`
        const error = new ProtocolError('remote', message, { cause, statusHint: 502 })
        if (this.#over) return
        this.fail(error)
        this.#source.abort(error)
      })
      if (this.#held) stream.pause()
      return stream
    })
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#receiver.end(this.#trailers)
  }
}
