/**
 * Lines out, messages in, both at their own pace: a peer that takes nothing stops the reading of the input,
 * and a reader that takes nothing stops the peer.
 */
import { ConnectionClosedError, type WebSocketConnection } from '../../client/index.ts'
import { abortable, AsyncEvent, moveOnAfter, sleep, taskGroup } from '../../index.ts'
import type { StandardStreams } from '../standard-streams.ts'
import { byteLines } from '../text-lines.ts'
import type { WSOptions } from './options.ts'

const goingAway = 1001

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class Conversation {
  readonly #ws: WebSocketConnection
  readonly #options: WSOptions
  readonly #streams: StandardStreams
  /** Set with each message that came, and when it is written. */
  readonly #heard: AsyncEvent = new AsyncEvent()
  #writing = false
  // Lines, of the input.
  #read = 0
  #sent = 0
  #unsent = false

  constructor(ws: WebSocketConnection, options: WSOptions, streams: StandardStreams) {
    this.#ws = ws
    this.#options = options
    this.#streams = streams
  }

  /**
   * Goes on until either end closes, or it is interrupted; then it closes with 1001. Returns whether every
   * line that was read was sent.
   *
   * @throws ConnectionClosedError if it was closed with something else than 1000 or 1001
   */
  async run(interrupted: AbortSignal): Promise<boolean> {
    try {
      await taskGroup(async (group) => {
        const stop = (): void => group.cancel('interrupted')
        if (interrupted.aborted) stop()
        interrupted.addEventListener('abort', stop)
        try {
          const { ping } = this.#options
          const aside = [group.spawn(() => this.#send(), { name: 'input' })]
          if (ping !== undefined) aside.push(group.spawn(() => this.#ping(ping), { name: 'pings' }))
          await this.#receive()
          for (const task of aside) task.cancel()
        } finally {
          if (this.#ws.ending !== undefined && this.#read > this.#sent) this.#tellUnsent()
          interrupted.removeEventListener('abort', stop)
        }
      })
      return !this.#unsent
    } finally {
      await this.#ws.close(goingAway)
    }
  }

  async #receive(): Promise<void> {
    const { json } = this.#options
    for await (const message of this.#ws) {
      this.#writing = true
      this.#heard.set()
      await this.#streams.stdout.write(json ? jsonLine(message) : plainLine(message))
      this.#writing = false
      this.#heard.set()
    }
  }

  async #send(): Promise<void> {
    const { binary, maxSize } = this.#options
    const batches = byteLines(this.#streams.stdin, maxSize)
    try {
      for (;;) {
        // Standard input may say nothing for ever.
        const { done, value } = await abortable(batches.next())
        if (done) break
        this.#read += value.length
        for (const line of value) {
          await this.#ws.send(binary ? line : this.#textOf(line))
          this.#sent++
        }
      }
    } catch (error) {
      // What came before is still to be read, and the end with it.
      if (!ConnectionClosedError.is(error)) throw error
      this.#tellUnsent()
      return
    }
    await this.#untilQuiet()
    await this.#ws.close()
  }

  #tellUnsent(): void {
    if (this.#unsent) return
    this.#unsent = true
    this.#streams.stderr.print(
      `spool: Cannot send line ${this.#sent + 1} of the input: the connection is closed\n`,
    )
  }

  #textOf(line: Uint8Array): string {
    try {
      return utf8.decode(line)
    } catch {
      // RFC 6455 §5.6: a text is UTF-8. To send something else in its place would be a silent loss.
      throw new TypeError(
        `Cannot send line ${this.#sent + 1} of the input as text: it is not UTF-8; --binary sends bytes as they are`,
      )
    }
  }

  /** Waits until nothing has come for as long as was asked for. */
  async #untilQuiet(): Promise<void> {
    const { wait } = this.#options
    for (;;) {
      this.#heard.clear()
      const { timedOut } = await moveOnAfter(wait, () => this.#heard.wait())
      // A reader that is slow is no silence of the peer.
      if (timedOut && !this.#writing && this.#ws.statistics().queued === 0) return
      if (timedOut) await this.#heard.wait()
    }
  }

  async #ping(interval: number): Promise<void> {
    try {
      for (;;) {
        const roundTrip = await this.#ws.ping()
        this.#streams.stderr.print(`ping: ${roundTrip.toFixed(1)} ms\n`)
        await sleep(interval)
      }
    } catch (error) {
      if (!ConnectionClosedError.is(error)) throw error
    }
  }
}

function plainLine(message: string | Uint8Array): string | Uint8Array {
  return typeof message === 'string' ? `${message}\n` : Buffer.concat([message, Buffer.from('\n')])
}

function jsonLine(message: string | Uint8Array): string {
  const isText = typeof message === 'string'
  const line = {
    kind: isText ? 'text' : 'binary',
    data: isText ? message : Buffer.from(message).toString('base64'),
    time: new Date().toISOString(),
  }
  return `${JSON.stringify(line)}\n`
}
