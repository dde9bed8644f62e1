/** Lines out of chunks: a chunk is decoded and cut as a whole, and a line of it costs no wait. */
import { StringDecoder } from 'node:string_decoder'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { LimitExceededError } from '../errors.ts'

// A call of the file system costs 20 µs or so, whatever it reads: little for each line of so many bytes. Used
// again for each read, it is no matter of the memory.
const bufferSize = 131_072

export class FileLines implements AsyncIterableIterator<string, undefined> {
  readonly #read: (buffer: Buffer) => Promise<number>
  /** Where the next read goes; undefined while one is under way, which a cancellation leaves to itself. */
  #buffer: Buffer | undefined = undefined
  readonly #limit: number
  readonly #decoder = new StringDecoder('utf8')
  #lines: string[] = []
  #next = 0
  /** The beginning of a line whose end has not come. */
  #rest = ''
  #over = false

  /** `read`: fills the beginning of the buffer, and resolves with the number of bytes; 0 at the end. */
  constructor(read: (buffer: Buffer) => Promise<number>, limit: number) {
    this.#read = read
    this.#limit = limit
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<string, undefined>> {
    if (this.#next === this.#lines.length) return this.#nextLater()
    const { error } = currentScope()
    if (error !== undefined) return Promise.reject(error)
    return Promise.resolve({ value: this.#take(), done: false })
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    this.#over = true
    this.#lines = []
    this.#next = 0
    this.#buffer = undefined
    return { value: undefined, done: true }
  }

  async #nextLater(): Promise<IteratorResult<string, undefined>> {
    while (this.#next === this.#lines.length) {
      if (this.#over) return { value: undefined, done: true }
      const buffer = this.#buffer ?? Buffer.allocUnsafeSlow(bufferSize)
      this.#buffer = undefined
      const length = await this.#read(buffer)
      this.#buffer = buffer
      if (length === 0) this.#end()
      else this.#cut(this.#decoder.write(buffer.subarray(0, length)))
    }
    return { value: this.#take(), done: false }
  }

  #take(): string {
    const line = this.#lines[this.#next++] as string
    // The ends are LF or CR LF.
    return line.endsWith('\r') ? line.slice(0, -1) : line
  }

  #cut(text: string): void {
    const lines = text.split('\n')
    lines[0] = this.#rest + (lines[0] as string)
    this.#rest = lines.pop() as string
    for (const line of lines) this.#check(line)
    this.#check(this.#rest)
    this.#lines = lines
    this.#next = 0
  }

  #end(): void {
    this.#over = true
    const rest = this.#rest + this.#decoder.end()
    this.#lines = rest === '' ? [] : [rest]
    this.#next = 0
  }

  #check(line: string): void {
    // A character has one to three bytes for each unit of a string: only what may be too long is counted.
    if (line.length * 3 > this.#limit && Buffer.byteLength(line) > this.#limit) {
      throw new LimitExceededError('the end of the line', this.#limit)
    }
  }
}
