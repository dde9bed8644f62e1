/** The reading half of a stream: what came, who waits for it, and how the peer is slowed down. */
import { BusyResourceError, ClosedResourceError } from '../../concurrency/errors.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { ByteQueue } from './byte-queue.ts'
import { LineBatch } from './line-batch.ts'

/** Who is told when the other end is to be slowed down. */
export interface Tap {
  pause(): void
  resume(): void
}

export class Inflow {
  readonly queue: ByteQueue = new ByteQueue()
  /** Lines that were made of the first bytes of the queue, which are still in it. */
  readonly lines: LineBatch = new LineBatch(this.queue)
  readonly #tap: Tap
  /** Beyond how many bytes nothing more is read ahead; 0: only what somebody waits for is read. */
  readonly #highWaterMark: number
  #paused: boolean
  #ended = false
  #error: Error | undefined = undefined
  /** Who waits, and until how many bytes are there. */
  #reader: Waiter<void> | undefined = undefined
  #wanted = 0
  #busy = false

  constructor(tap: Tap, highWaterMark: number) {
    this.#tap = tap
    this.#highWaterMark = highWaterMark
    this.#paused = highWaterMark === 0
  }

  /** Whether all was read that will ever come. */
  get atEnd(): boolean {
    return this.#ended && this.queue.length === 0
  }

  /** What reading throws once the bytes that came before it are read. */
  get error(): Error | undefined {
    return this.#error
  }

  push(bytes: Uint8Array, shared: boolean): void {
    if (this.#ended) return
    const { queue } = this
    queue.push(bytes, shared)
    if (this.#reader !== undefined && queue.length >= this.#wanted) this.#wake()
    // Not at the mark: a full read of a socket has as many bytes, and would stop the next one each time.
    if (queue.length > this.#highWaterMark && queue.length >= this.#wanted && !this.#paused) {
      this.#paused = true
      this.#tap.pause()
    }
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** The bytes that came before are still read; then it throws. */
  fail(error: Error): void {
    if (this.#ended) return
    this.#error = error
    this.end()
  }

  /** Our own end of it: what was not read is dropped, and reading throws. */
  close(): void {
    this.lines.settle()
    this.queue.drop(this.queue.length)
    this.#error = new ClosedResourceError('Cannot read: the stream is closed')
    this.end()
  }

  /** Why a read can't begin now. */
  refusal(): Error | undefined {
    if (this.#busy) {
      return new BusyResourceError('Cannot read: another task reads from the stream')
    }
    return currentScope().error
  }

  /** Begins a read; each is ended by `done()`. */
  begin(): void {
    this.beginLine()
    this.lines.settle()
  }

  /** Begins to read a line, where none is left of the batch. */
  beginLine(): void {
    const refusal = this.refusal()
    if (refusal !== undefined) throw refusal
    this.#busy = true
  }

  done(): void {
    this.#busy = false
    this.#wanted = 0
    this.taken()
  }

  /** Bytes were taken: there may be room for more now. */
  taken(): void {
    if (!this.#paused || this.queue.length > this.#highWaterMark) return
    if (this.#highWaterMark > 0) this.#resume()
  }

  /**
   * Waits until `count` bytes are there, or all that ever come; false if those are fewer. Throws the failure
   * of the stream if it broke before.
   *
   * Cancellation: what came stays there for the next read.
   */
  async has(count: number): Promise<boolean> {
    while (this.queue.length < count && !this.#ended) {
      this.#wanted = count
      const reader = new Waiter<void>(() => this.#readerLeft(), undefined, 'bytes to read')
      if (!reader.settled) {
        this.#reader = reader
        if (this.#paused) this.#resume()
      }
      await reader.promise
    }
    if (this.queue.length >= count) return true
    if (this.#error !== undefined) throw this.#error
    return false
  }

  #readerLeft(): void {
    this.#reader = undefined
    if (this.#highWaterMark > 0 || this.#paused || this.#ended) return
    this.#paused = true
    this.#tap.pause()
  }

  #resume(): void {
    this.#paused = false
    this.#tap.resume()
  }

  #wake(): void {
    const reader = this.#reader
    this.#reader = undefined
    reader?.resolve()
  }
}
