/**
 * Lines out of what came. A line that is there already costs one settled promise: no wait, no generator.
 */
import { LimitExceededError } from '../errors.ts'
import { checkSize } from './check-size.ts'
import type { Inflow } from './inflow.ts'

const LF = Buffer.from('\n')
const CR = 13

export class LineReader implements AsyncIterableIterator<string, undefined> {
  readonly #inflow: Inflow
  readonly #limit: number

  constructor(inflow: Inflow, limit: number) {
    this.#inflow = inflow
    this.#limit = checkSize('limit', limit, 1)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next line; undefined at the end. */
  read(): Promise<string | undefined> {
    const inflow = this.#inflow
    const refusal = inflow.refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    const line = inflow.lines.take(this.#limit)
    if (line === undefined) return this.#readLater()
    inflow.taken()
    return Promise.resolve(line)
  }

  next(): Promise<IteratorResult<string, undefined>> {
    const inflow = this.#inflow
    const refusal = inflow.refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    const value = inflow.lines.take(this.#limit)
    if (value === undefined) return this.#nextLater()
    inflow.taken()
    return Promise.resolve({ value, done: false })
  }

  async #nextLater(): Promise<IteratorResult<string, undefined>> {
    const value = await this.#readLater()
    return value === undefined ? { value, done: true } : { value, done: false }
  }

  /** Byte by byte: what is not there as a whole, may be too long, or is the only line that is read. */
  async #readLater(): Promise<string | undefined> {
    const inflow = this.#inflow
    const { queue } = inflow
    inflow.beginLine()
    try {
      for (let from = 0; ;) {
        const at = queue.indexOf(LF, from)
        if (at > this.#limit || (at < 0 && queue.length > this.#limit)) {
          throw new LimitExceededError('the end of the line', this.#limit)
        }
        if (at >= 0) return this.#take(at + 1, at)
        from = queue.length
        if (await inflow.has(from + 1)) continue
        return queue.length === 0 ? undefined : this.#take(queue.length, queue.length)
      }
    } finally {
      inflow.done()
    }
  }

  /** Takes `count` bytes, of which the first `length` are the line. */
  #take(count: number, length: number): string {
    const bytes = this.#inflow.queue.take(count)
    const end = count > length && bytes[length - 1] === CR ? length - 1 : length
    return bytes.toString('utf8', 0, end)
  }
}
