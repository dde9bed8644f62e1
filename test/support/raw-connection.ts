/**
 * One end of a connection in the hands of a test: raw bytes, sent and cut as the test says, on
 * sockets of Node.js and nothing of ours. So it can break every rule.
 */
import type { Socket } from 'node:net'
import { turn } from '../../src/testing/settle.ts'

/** The peer has gone before what was waited for came. Not a fault of a script: peers may leave. */
export class PeerLeftError extends Error {
  static {
    this.prototype.name = 'PeerLeftError'
  }
}

export interface RawMessage {
  /** The status or request line. */
  readonly startLine: string
  /** Of a response; NaN for a request. */
  readonly status: number
  /** By lower-case name; several of one name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Head and body as they came. */
  readonly raw: Buffer
}

export class RawConnection implements AsyncDisposable {
  readonly socket: Socket
  /** All that came and was not taken by `read…()` or `message()`. */
  #came: Buffer[] = []
  #byteCount = 0
  #ended = false
  #closed = false
  #error: NodeJS.ErrnoException | undefined = undefined
  readonly #waiting = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#came.push(chunk)
      this.#byteCount += chunk.length
      this.#look()
    })
    socket.on('end', () => {
      this.#ended = true
      this.#look()
    })
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.#closed = true
      this.#look()
    })
  }

  /** Bytes that have come in all. */
  get byteCount(): number {
    return this.#byteCount
  }

  /** What came and was not taken yet, as latin1. */
  get pending(): string {
    return this.#pending.toString('latin1')
  }

  /** Whether the peer has sent its FIN. */
  get ended(): boolean {
    return this.#ended
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Why it was closed, if not in good order: `ECONNRESET`, `EPIPE`. */
  get errorCode(): string | undefined {
    return this.#error?.code
  }

  /** Sends the bytes, a string as latin1. Resolves when the system has them, or the connection is gone. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
      if (this.#closed || !this.socket.writable) resolve()
      else this.socket.write(data, () => resolve())
    })
  }

  /** Sends the bytes in pieces of `size`, each in a packet of its own that the peer had time to read. */
  async drip(bytes: string | Uint8Array, size = 1): Promise<void> {
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    for (let at = 0; at < data.length && !this.#closed; at += size) {
      await this.send(data.subarray(at, at + size))
      await turn()
      await turn()
    }
  }

  /** Sends the same bytes again and again until the peer has gone or `most` bytes are sent. */
  async flood(bytes: string | Uint8Array, most: number): Promise<number> {
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    let sent = 0
    while (sent < most && !this.#closed && this.socket.writable) {
      await Promise.race([this.send(data), this.untilClosed()])
      sent += data.length
    }
    return sent
  }

  /** Sends FIN: this end sends no more, and still reads. */
  end(): void {
    this.socket.end()
  }

  /** Sends RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  /** Closes without a word. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Stops reading, so that the peer's writes pile up. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /**
   * Takes everything up to and including `mark`.
   *
   * @throws PeerLeftError if the peer ends or breaks the connection before that
   */
  readUntil(mark: string): Promise<string> {
    return this.#take(() => {
      const at = this.#pending.indexOf(mark, 0, 'latin1')
      return at < 0 ? undefined : at + mark.length
    }, `"${mark}"`)
  }

  /** Takes that many bytes. */
  read(length: number): Promise<string> {
    return this.#take(
      () => (this.#pending.length >= length ? length : undefined),
      `${length} bytes`,
    )
  }

  /** Takes everything until the peer ends or the connection breaks. */
  async readAll(): Promise<string> {
    await this.#until(() => this.#ended || this.#closed)
    return this.#cut(this.#pending.length).toString('latin1')
  }

  /**
   * Takes one HTTP/1.1 message, in good faith. Without length and chunks, a request has no body, and
   * a response goes on to the end of the connection. `bodyless`: the answer to a HEAD request.
   */
  async message(options: { bodyless?: boolean } = {}): Promise<RawMessage> {
    const head = await this.readUntil('\r\n\r\n')
    const [startLine = '', ...lines] = head.trimEnd().split('\r\n')
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
    }
    const status = startLine.startsWith('HTTP/') ? Number(startLine.split(' ')[1]) : Number.NaN
    const none = options.bodyless === true || status < 200 || status === 204 || status === 304
    const [body, raw] = none ? ['', ''] : await this.#body(headers, Number.isNaN(status))
    return {
      startLine,
      status,
      headers,
      body: Buffer.from(body, 'latin1'),
      raw: Buffer.from(head + raw, 'latin1'),
    }
  }

  /** Resolves when the peer has sent FIN, or the connection is gone. */
  untilEnded(): Promise<void> {
    return this.#until(() => this.#ended || this.#closed)
  }

  /** Resolves when nothing of the connection is left at this end. */
  untilClosed(): Promise<void> {
    return this.#until(() => this.#closed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.destroy()
    await this.untilClosed()
  }

  async #body(headers: Record<string, string>, request: boolean): Promise<[string, string]> {
    if (headers['transfer-encoding'] !== undefined) return this.#chunks()
    const length = headers['content-length']
    if (length === undefined && request) return ['', '']
    const body = length === undefined ? await this.readAll() : await this.read(Number(length))
    return [body, body]
  }

  async #chunks(): Promise<[string, string]> {
    let body = ''
    let raw = ''
    for (;;) {
      const line = await this.readUntil('\r\n')
      const size = Number.parseInt(line, 16)
      raw += line
      if (size === 0) break
      const chunk = await this.read(size + 2)
      body += chunk.slice(0, size)
      raw += chunk
    }
    for (let line = ''; line !== '\r\n'; raw += line) line = await this.readUntil('\r\n')
    return [body, raw]
  }

  async #take(find: () => number | undefined, what: string): Promise<string> {
    let length: number | undefined
    await this.#until(() => {
      length = find()
      return length !== undefined || this.#ended || this.#closed
    })
    if (length !== undefined) return this.#cut(length).toString('latin1')
    throw new PeerLeftError(
      `The peer left before ${what} came; what came is ${JSON.stringify(this.pending)}`,
      { cause: this.#error },
    )
  }

  // Put together when somebody looks: for each chunk, a long body would take a minute.
  get #pending(): Buffer {
    if (this.#came.length !== 1) this.#came = [Buffer.concat(this.#came)]
    return this.#came[0] as Buffer
  }

  #cut(length: number): Buffer {
    const all = this.#pending
    this.#came = [all.subarray(length)]
    return all.subarray(0, length)
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  #look(): void {
    for (const look of Array.from(this.#waiting)) look()
  }
}
