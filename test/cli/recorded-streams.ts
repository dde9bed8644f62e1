import type { Output, StandardStreams } from '../../src/cli/standard-streams.ts'

/** An output that a test can read. */
export class RecordedOutput implements Output {
  readonly isTTY: boolean
  readonly columns: number = 80
  #chunks: Buffer[] = []
  /** Thrown by every write, once it is set. */
  error: Error | undefined = undefined

  constructor(isTTY = false) {
    this.isTTY = isTTY
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString()
  }

  style(_color: string, text: string): string {
    return text
  }

  print(text: string): void {
    this.#chunks.push(Buffer.from(text))
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.error !== undefined) throw this.error
    this.#chunks.push(Buffer.from(data as Uint8Array))
  }
}

export class RecordedStreams implements StandardStreams {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: RecordedOutput
  readonly stderr: RecordedOutput

  constructor(input: string | AsyncIterable<Uint8Array> = '', options: { isTTY?: boolean } = {}) {
    this.stdin = typeof input === 'string' ? inputOf(input) : input
    this.stdout = new RecordedOutput(options.isTTY)
    this.stderr = new RecordedOutput(options.isTTY)
  }
}

async function* inputOf(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}
