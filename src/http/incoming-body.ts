/**
 * The body of a message that is being received: a bounded queue between a connection that pushes and
 * one reader that takes.
 *
 * 1. It holds at most `queueLimit` and one chunk more: then the source is told to pause, and to resume
 *    when half of it is taken.
 * 2. There is one reader. It takes chunks one by one, or everything at once; what was taken at once
 *    is kept, so that it can be asked for again.
 * 3. Whoever stops before the end says so: the source then decides between reading the rest away and
 *    closing the connection.
 */
import { BrokenResourceError, BusyResourceError } from '../concurrency/errors.ts'
import { currentScope } from '../concurrency/scope/scope.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import { SpoolError } from '../util/error.ts'
import type { FieldList } from '../wire/http1/messages.ts'
import { HeaderFields } from './header-fields.ts'
import { HeldBytes } from './held-bytes.ts'
import { decodeText } from './text-decoding.ts'

/** The connection, as its body sees it. All are called synchronously, and outside no scope. */
export interface BodySource {
  /** Stop to push: enough is queued. The source ends this by itself with the body, complete or failed. */
  pause(): void
  resume(): void
  /** Nobody will read the rest. Not called once the body is complete or failed. */
  abandon(): void
  /** Somebody begins to read; called once. The moment for `100 Continue`. */
  wanted?(): void
}

// As much as the read-ahead of a connection.
const queueLimit = 65_536
const noFields: FieldList = []
const nobody: BodySource = { pause: ignore, resume: ignore, abandon: ignore }
const done: IteratorReturnResult<undefined> = { value: undefined, done: true }

type Reading = 'unread' | 'streamed' | 'collected' | 'abandoned'

export class IncomingBody implements AsyncIterable<Uint8Array> {
  readonly #source: BodySource
  readonly #held = new HeldBytes()
  #reading: Reading = 'unread'
  #paused = false
  #complete = false
  #error: unknown = undefined
  #trailers: FieldList = noFields
  #most = Infinity
  #received = 0
  // The one wait there can be: for a chunk, or with #limit >= 0 for all of them.
  #waiter: Waiter<void> | undefined = undefined
  #limit = -1
  #whole: Uint8Array | undefined = undefined

  constructor(source: BodySource) {
    this.#source = source
  }

  /** @internal One that is all there. `taken`: somebody has read it, all at once, and it can be asked for again. */
  static ofWhole(bytes: Uint8Array, taken: boolean): IncomingBody {
    const body = new IncomingBody(nobody)
    body.push(bytes, false)
    body.end()
    if (taken) {
      body.#reading = 'collected'
      body.#whole = body.#held.takeAll()
    }
    return body
  }

  /** Whether somebody reads or has read it. */
  get used(): boolean {
    return this.#reading !== 'unread'
  }

  /** Whether all of it has arrived. */
  get complete(): boolean {
    return this.#complete
  }

  /** @internal What it failed with. */
  get error(): unknown {
    return this.#error
  }

  /** How many bytes wait to be read. */
  get queued(): number {
    return this.#held.size
  }

  /** The fields after the body; empty until it is complete, and mostly then too. */
  get trailers(): HeaderFields {
    return new HeaderFields(this.#trailers)
  }

  /** A copy of what waits to be read, `limit` bytes at most; it can be read as before. */
  peek(limit: number): Uint8Array {
    if (this.#whole === undefined) return this.#held.peek(limit)
    return Buffer.from(this.#whole.subarray(0, limit))
  }

  /**
   * @internal All of it, for its one reader: if all is there and no more than `limit`, nobody has read any
   * of it, and the scope is not cancelled.
   */
  takeWhole(limit: number = Infinity): Uint8Array | undefined {
    if (!this.#complete || this.#reading !== 'unread' || this.#error !== undefined) return undefined
    if (this.#held.size > limit || currentScope().cancelled) return undefined
    this.#claim('collected')
    return (this.#whole = this.#held.takeAll())
  }

  /** @internal From the connection: a part has arrived. `shared` bytes are copied. */
  push(bytes: Uint8Array, shared: boolean): void {
    if (this.#reading === 'abandoned') return
    this.#received += bytes.byteLength
    if (this.#received > this.#most) {
      this.#refuse(this.#most)
      return
    }
    this.#held.add(bytes, shared)
    const queued = this.#held.size
    if (this.#limit >= 0) {
      if (queued > this.#limit) this.#refuse(this.#limit)
      return
    }
    if (queued >= queueLimit && !this.#paused) {
      this.#paused = true
      this.#source.pause()
    }
    this.#wake()
  }

  /** Fails with the code `SPOOL_BODY_TOO_LARGE` once more than `limit` bytes have come, however it is read. */
  limitTo(limit: number): void {
    this.#most = limit
    if (this.#received > limit) this.#refuse(limit)
  }

  /** @internal From the connection: that was all. */
  end(trailers: FieldList = noFields): void {
    this.#complete = true
    this.#trailers = trailers
    this.#wake()
    // The source ends the pause itself. It goes on to the next message: this one must not touch it again.
    this.#paused = false
  }

  /** @internal From the connection: the rest won't come. */
  fail(error: unknown): void {
    if (this.#complete || this.#error !== undefined) return
    this.#error = error
    this.#paused = false
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.reject(error)
  }

  /**
   * Gives up what was not read. Whoever reads meanwhile gets a `BrokenResourceError`. Calling it
   * again, or after the end, does nothing but drop what is queued.
   */
  abandon(): void {
    if (this.#reading === 'abandoned') return
    this.#reading = 'abandoned'
    this.#paused = false
    this.#held.drop()
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.reject(abandoned())
    if (!this.#complete && this.#error === undefined) this.#source.abandon()
  }

  /**
   * All of it. May be called again, and mixed with `text()` and `json()`.
   *
   * Throws `BusyResourceError` if it is read as a stream or by another task, an error with the code
   * `SPOOL_BODY_TOO_LARGE` if it has more than `limit` bytes, and whatever broke the connection.
   *
   * Cancellation: what has arrived is dropped, and the rest is abandoned.
   */
  bytes(limit: number = Infinity): Promise<Uint8Array> {
    return this.#collected(limit, asBytes, undefined)
  }

  /**
   * As `bytes()`, decoded; by default as UTF-8. Throws RangeError for a charset that is not known.
   *
   * Cancellation: as that of `bytes()`.
   */
  text(limit: number = Infinity, charset?: string): Promise<string> {
    return this.#collected(limit, decodeText, charset)
  }

  /**
   * As `bytes()`, parsed as JSON in UTF-8. Throws SyntaxError if it is none.
   *
   * Cancellation: as that of `bytes()`.
   */
  json<T = unknown>(limit: number = Infinity): Promise<T> {
    return this.#collected(limit, parseJSON as (bytes: Uint8Array) => T, undefined)
  }

  /**
   * Chunks as they come, of whatever size. Leaving the loop early abandons the rest. Throws
   * `BusyResourceError` if it is read already, and whatever broke the connection.
   *
   * Cancellation: of a wait for a chunk loses nothing; the loop is left, which abandons the rest.
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    this.#claim('streamed')
    let left = false
    return {
      next: () => (left ? Promise.resolve(done) : this.#next()),
      return: () => {
        left = true
        this.abandon()
        return Promise.resolve(done)
      },
    }
  }

  #collected<T>(
    limit: number,
    convert: (bytes: Uint8Array, charset: string | undefined) => T,
    charset: string | undefined,
  ): Promise<T> {
    try {
      currentScope().throwIfCancelled()
      if (this.#whole === undefined) {
        this.#claim('collected')
        if (this.#held.size > limit) this.#refuse(limit)
        if (this.#error !== undefined) throw this.#error as Error
        if (!this.#complete) return this.#collecting(limit).then((all) => convert(all, charset))
        this.#whole = this.#held.takeAll()
      } else if (this.#whole.byteLength > limit) {
        throw bodyTooLarge(limit)
      }
      return Promise.resolve(convert(this.#whole, charset))
    } catch (error) {
      const failure = error as Error
      return Promise.reject(failure)
    }
  }

  async #collecting(limit: number): Promise<Uint8Array> {
    this.#limit = limit
    this.#resumeSource()
    // A source may push from within resume().
    if (this.#error !== undefined) throw this.#error as Error
    if (!this.#complete) await this.#wait(() => this.abandon())
    this.#limit = -1
    this.#whole = this.#held.takeAll()
    return this.#whole
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#waiter !== undefined) throw busy()
    currentScope().throwIfCancelled()
    if (this.#held.size === 0 && !this.#complete) {
      if (this.#error !== undefined) throw this.#error as Error
      if (this.#reading === 'abandoned') throw abandoned()
      await this.#wait(undefined)
    }
    const chunk = this.#held.take()
    if (chunk === undefined) {
      if (this.#error !== undefined) throw this.#error as Error
      return done
    }
    if (this.#held.size <= queueLimit / 2) this.#resumeSource()
    return { value: chunk, done: false }
  }

  #wait(onCancelled: (() => void) | undefined): Promise<void> {
    const waiter = new Waiter<void>(() => {
      this.#waiter = undefined
      onCancelled?.()
    })
    this.#waiter = waiter
    return waiter.promise
  }

  #wake(): void {
    const waiter = this.#waiter
    if (waiter === undefined || (this.#limit >= 0 && !this.#complete)) return
    this.#waiter = undefined
    waiter.resolve()
  }

  #claim(reading: 'streamed' | 'collected'): void {
    if (this.#reading === 'abandoned' && this.#error !== undefined) throw this.#error as Error
    if (this.#reading !== 'unread') throw busy()
    this.#reading = reading
    this.#source.wanted?.()
  }

  // Over the limit: nothing of it can be used any more.
  #refuse(limit: number): void {
    const error = bodyTooLarge(limit)
    const waiter = this.#waiter
    this.#waiter = undefined
    this.abandon()
    this.#error = error
    waiter?.reject(error)
  }

  #resumeSource(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#source.resume()
  }
}

function ignore(): void {}

function asBytes(bytes: Uint8Array): Uint8Array {
  return bytes
}

function parseJSON(bytes: Uint8Array): unknown {
  return JSON.parse(decodeText(bytes))
}

function busy(): BusyResourceError {
  return new BusyResourceError('Cannot read the body: it is read already, or was read as a stream')
}

function abandoned(): BrokenResourceError {
  return new BrokenResourceError('The body was abandoned before all of it was read')
}

/** The error for a body that has more bytes than it may. */
function bodyTooLarge(limit: number): SpoolError {
  return new SpoolError(
    'SPOOL_BODY_TOO_LARGE',
    `Refused a body of more than ${limit} bytes, which is the limit`,
  )
}
