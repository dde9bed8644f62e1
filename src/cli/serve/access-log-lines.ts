import type { Output } from '../standard-streams.ts'

// A minute of a busy server. Beyond it a reader that stands still would fill the memory.
const mostWaiting = 1_048_576

/** Takes the lines of an access log to an output, and keeps no more of them than a reader may be behind. */
export class AccessLogLines {
  readonly #output: Output
  #waiting = 0
  #lost = 0

  constructor(output: Output) {
    this.#output = output
  }

  /** Adds a line. One for which there is no room is counted, and the count written when there is. */
  info(line: string): void {
    if (this.#waiting + line.length > mostWaiting) this.#lost++
    else if (this.#lost === 0) this.#write(`${line}\n`)
    else {
      const lost = this.#lost
      this.#lost = 0
      this.#write(`(${lost} lines lost: the reader of this log was too slow)\n${line}\n`)
    }
  }

  #write(text: string): void {
    this.#waiting += text.length
    const written = (): void => {
      this.#waiting -= text.length
    }
    // That nobody reads the log is no reason to serve no more.
    this.#output.write(text).then(written, written)
  }
}
