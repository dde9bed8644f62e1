/** The writing half of a stream: who waits until the system takes more. */
import { ClosedResourceError } from '../../concurrency/errors.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { type LineWaiter, waitInLine, WaitLine } from '../../concurrency/scope/wait-line.ts'
import type { Transport } from '../transport.ts'

// What most writes return: nothing was waited for.
const done = Promise.resolve()

export class Outflow {
  readonly #transport: Transport
  readonly #waiting: WaitLine<LineWaiter<void>> = new WaitLine()
  #full = false
  #error: Error | undefined = undefined

  constructor(transport: Transport) {
    this.#transport = transport
  }

  write(data: Uint8Array | string): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    const scope = currentScope()
    if (scope.error !== undefined) return Promise.reject(scope.error)
    // The transport takes strings as latin1, and this is UTF-8.
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    if (bytes.length === 0) return done
    if (!this.#transport.write(bytes)) this.#full = true
    return this.#full ? waitInLine(this.#waiting, scope, 'room to write') : done
  }

  /** Waits until everything has been handed to the system, or nothing more can be. */
  flushed(): Promise<void> {
    return this.#full
      ? waitInLine(this.#waiting, currentScope(), 'what was written to be sent')
      : done
  }

  /** Waits as `flushed()`, also if nothing can be written any more, and does not throw for that. */
  async sent(): Promise<void> {
    try {
      await this.flushed()
    } catch (error) {
      if (error !== this.#error) throw error
    }
  }

  drained(): void {
    this.#full = false
    for (;;) {
      const waiter = this.#waiting.shift()
      if (waiter === undefined) break
      waiter.resolve()
    }
  }

  /** Our own end of it: nothing is written any more. */
  end(): void {
    this.#error ??= new ClosedResourceError('Cannot write: the stream is ended')
  }

  /** Nothing that was written and is still here will be sent. */
  fail(error: Error): void {
    this.#error ??= error
    this.#full = false
    for (;;) {
      const waiter = this.#waiting.shift()
      if (waiter === undefined) break
      waiter.reject(this.#error)
    }
  }
}
