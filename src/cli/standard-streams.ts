/**
 * Standard input, output and error as the commands see them: a port, so that tests need no process.
 *
 * A reader that leaves (`| head -1`) is no crash: what is written for people is dropped from then on,
 * and a write that somebody waits for throws.
 */
import process from 'node:process'
import { styleText } from 'node:util'
import { abortable, BrokenResourceError } from '../index.ts'

/** Nobody reads any more what is written: no failure of ours, and nobody to tell it to. */
export class ReaderLeftError extends BrokenResourceError {
  static {
    this.prototype.name = 'ReaderLeftError'
  }

  constructor(name: string, cause: Error) {
    super(`Cannot write to standard ${name}: its reader has left`, { cause })
  }
}

/** Where text for people goes, and bytes for programs. */
export interface Output {
  /** Whether a person looks at it. */
  readonly isTTY: boolean
  /** How many characters fit into a line. */
  readonly columns: number
  /** Colors text, where a terminal shows colors and the user wants them. */
  style(color: 'red', text: string): string
  /** Writes text; nobody waits for it, and nothing happens if the reader has left. */
  print(text: string): void
  /** Writes, waits for the reader, and throws `ReaderLeftError` if it has left. */
  write(data: string | Uint8Array): Promise<void>
}

/** All that a command has of the world besides files and the network. */
export interface StandardStreams {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
}

class StreamOutput implements Output {
  readonly #name: string
  readonly #stream: NodeJS.WriteStream
  #error: Error | undefined = undefined

  constructor(name: string, stream: NodeJS.WriteStream) {
    this.#name = name
    this.#stream = stream
    stream.on('error', (error) => (this.#error ??= error))
  }

  get isTTY(): boolean {
    return this.#stream.isTTY
  }

  get columns(): number {
    // 0 where the terminal does not say.
    return this.#stream.columns || 80
  }

  style(color: 'red', text: string): string {
    return styleText(color, text, { stream: this.#stream })
  }

  /** Why something that was written did not arrive; a `ReaderLeftError` where nobody wanted it. */
  get failure(): BrokenResourceError | undefined {
    return this.#error === undefined ? undefined : this.#failureOf(this.#error)
  }

  print(text: string): void {
    if (this.#error === undefined) this.#stream.write(text)
  }

  async write(data: string | Uint8Array): Promise<void> {
    const error = this.#error ?? (await abortable(this.#written(data)))
    if (error) throw this.#failureOf(error)
  }

  #failureOf(error: Error): BrokenResourceError {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') {
      return new ReaderLeftError(this.#name, error)
    }
    const message = `Cannot write to standard ${this.#name}: ${error.message}`
    return new BrokenResourceError(message, { cause: error })
  }

  #written(data: string | Uint8Array): Promise<Error | null | undefined> {
    return new Promise((resolve) => this.#stream.write(data, resolve))
  }
}

/** The streams of a process, which know what became of what was printed. */
export interface ProcessStreams extends StandardStreams {
  readonly stdout: StreamOutput
}

/** The streams of this process. */
export function processStreams(): ProcessStreams {
  return {
    stdin: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
    stdout: new StreamOutput('output', process.stdout),
    stderr: new StreamOutput('error', process.stderr),
  }
}
