import { Buffer } from 'node:buffer'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { LineWaiter, WaitLine } from '../../concurrency/scope/wait-line.ts'
import { sendsTooMuch, untilTurned } from '../../concurrency/time/turn-budget.ts'
import { ProtocolError } from '../../wire/errors.ts'
import { checkClose, closeCodes } from './close-code.ts'
import type { ConnectionClosedError } from './connection-closed-error.ts'
import type { WebSocketMessage } from './inbox.ts'
import { bytesOf, fragmentsOf, isFragments, type WebSocketData } from './outgoing-message.ts'
import type { WebSocketLink } from './websocket-link.ts'

export interface WebSocketStatistics {
  /** Messages since it was opened; one that is sent in fragments counts at its end. */
  readonly messagesSent: number
  readonly messagesReceived: number
  /** Bytes of those messages, before compression. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Messages that came and were not taken, and what they count against `maxQueue`. */
  readonly queued: number
  readonly queuedBytes: number
  /** Bytes that wait for the peer to take them. */
  readonly sending: number
  /** Pings of ours that were not answered. */
  readonly pings: number
  /** How long the last answer to a ping took, in milliseconds. */
  readonly roundTrip: number | undefined
}

const done: Promise<void> = Promise.resolve()

/**
 * An open WebSocket: the same object at both ends. The server gives it to the handler of
 * `app.websocket()`, the client gets it from `session.websocket()`.
 *
 * Iterating it gives message after message, until the peer closes it with 1000, with 1001 or without a
 * code, or this end does; anything else is thrown as a `ConnectionClosedError`. Pings are answered and
 * close frames too, and a peer that has vanished is found, also while nobody receives.
 *
 * ```ts
 * const app = new Application().websocket('/echo', async (ws) => {
 *   for await (const message of ws) await ws.send(message)
 * })
 * await using server = await serve(app, { port: 0 })
 * await using session = new ClientSession()
 * await using ws = await session.websocket(`${server.url}/echo`)
 * await ws.send('Hello')
 * console.log(await ws.receive()) // → Hello
 * ```
 */
export class WebSocketConnection implements AsyncDisposable {
  /** What both ends chose to speak, or undefined if they said nothing of it. */
  readonly subprotocol: string | undefined
  /** @internal */
  readonly link: WebSocketLink
  // Who waits until a message that is sent in fragments is out; made when somebody does.
  #line: WaitLine<LineWaiter<void>> | undefined = undefined

  /** @internal */
  constructor(link: WebSocketLink, subprotocol: string | undefined) {
    this.link = link
    this.subprotocol = subprotocol
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.link.sendable
  }

  /** How it ended; undefined as long as it has not. */
  get ending(): ConnectionClosedError | undefined {
    return this.link.ending
  }

  /** Whether messages are compressed. */
  get compressed(): boolean {
    return this.link.deflate !== undefined
  }

  /** The address of the peer, which may be a proxy; undefined for a Unix socket. */
  get remoteAddress(): string | undefined {
    return this.link.transport.remoteAddress
  }

  /**
   * Sends a message: a string as text, bytes as binary. It is handed over at once, and messages leave in
   * the order of the calls; the promise waits for the peer to keep up. Leave the bytes alone until then.
   * However fast the peer is, a loop of `await send()` lets others have their turn now and then.
   *
   * An iterable of strings or of bytes, synchronous or not, is one message that is sent as it comes, in
   * fragments: of all its parts, no more than one is in memory. Other messages wait until it is out.
   *
   * Cancellation: before it is called, nothing is sent. While it waits, the message is on its way, and only
   * the wait is given up. In the middle of an iterable the message can't be completed any more: the
   * connection is closed with 1011.
   *
   * @throws ConnectionClosedError if it is closed, or closes before the peer took it; BusyResourceError if
   *   more than `maxSendQueue` waits already, since nobody awaited `send()`; TypeError for what is no message;
   *   and what the iterable throws, which closes the connection with 1011
   */
  send(data: WebSocketData): Promise<void> {
    const { error } = currentScope()
    if (error !== undefined) return this.link.untilReady()
    try {
      if (typeof data !== 'string' && isFragments(data))
        return WebSocketConnection.#sendFragments(this, data)
      if (this.link.fragmenting) return WebSocketConnection.#sendLater(this, data)
      const size = WebSocketConnection.#sendNow(this, data)
      return WebSocketConnection.#whenTaken(this, size)
    } catch (failure) {
      return rejected(failure)
    }
  }

  /** As `send()`, a value as JSON text. Throws TypeError for what JSON has no form for. */
  sendJson(value: unknown): Promise<void> {
    let text: string | undefined
    try {
      text = JSON.stringify(value)
      if (text === undefined) throw new TypeError(`Cannot send ${typeof value} as JSON`)
    } catch (error) {
      return rejected(error)
    }
    return this.send(text)
  }

  /**
   * Waits for the next message: text as a string, binary as bytes. What came before the end is still
   * given. One task at a time.
   *
   * Cancellation: only stops waiting; a message that comes later is for the next call.
   *
   * @throws ConnectionClosedError if it is closed and nothing is left, whatever the reason;
   *   BusyResourceError if another task waits
   */
  receive(): Promise<WebSocketMessage> {
    return this.link.inbox.receive()
  }

  /**
   * As `receive()`, for text.
   *
   * Cancellation: as `receive()`.
   *
   * @throws ProtocolError, too, for a binary message, which is then taken
   */
  async receiveText(): Promise<string> {
    const message = await this.receive()
    if (typeof message === 'string') return message
    throw new ProtocolError('remote', `Expected text, got ${message.byteLength} bytes`)
  }

  /**
   * As `receive()`, for binary messages.
   *
   * Cancellation: as `receive()`.
   *
   * @throws ProtocolError, too, for text, which is then taken
   */
  async receiveBytes(): Promise<Uint8Array> {
    const message = await this.receive()
    if (typeof message !== 'string') return message
    throw new ProtocolError('remote', `Expected bytes, got ${message.length} characters of text`)
  }

  /**
   * As `receive()`, for a message that is JSON, text or binary.
   *
   * Cancellation: as `receive()`.
   *
   * @throws ProtocolError, too, for what is no JSON, which is then taken
   */
  async receiveJson<T = unknown>(): Promise<T> {
    const message = await this.receive()
    const text = typeof message === 'string' ? message : Buffer.from(message).toString()
    try {
      return JSON.parse(text) as T
    } catch (cause) {
      throw new ProtocolError('remote', 'Expected JSON, got a message that is none', { cause })
    }
  }

  /**
   * Sends a ping and waits for its answer: the round-trip time in milliseconds. Nobody has to receive for
   * it, but the peer's answer stands behind what the peer has sent, and we read no more than `maxQueue` of
   * that.
   *
   * Cancellation: only stops waiting.
   *
   * @throws ConnectionClosedError if it is closed, or closes before the answer; BusyResourceError as `send()`
   */
  async ping(): Promise<number> {
    currentScope().throwIfCancelled()
    this.link.checkSendable()
    const { payload, answer } = this.link.pings.begin()
    this.link.listeners.catchUp(false)
    this.link.writer.ping(payload)
    return answer
  }

  /**
   * Sends a close frame behind all that was sent, and waits until the peer has answered and the connection
   * is closed, at most `closeTimeout`. What still comes is thrown away. Calling it again waits for the same.
   *
   * Cancellation: is never thrown. In a scope that is cancelled, or as soon as it is, the close frame is
   * sent and the connection dropped without waiting.
   *
   * @throws RangeError for a code that must not be sent (RFC 6455 §7.4), or a reason of more than 123 bytes
   */
  async close(code: number = closeCodes.normal, reason: string = ''): Promise<void> {
    checkClose(code, reason)
    const { link } = this
    link.startClosing(code, reason)
    try {
      await link.untilGone()
    } catch {
      link.destroy()
    }
  }

  /** Drops the connection at once, without a close frame: the peer sees 1006. */
  destroy(): void {
    this.link.destroy()
  }

  /**
   * Waits until the connection is gone, whoever closes it, and tells how it ended.
   *
   * Cancellation: only stops waiting.
   */
  async closed(): Promise<ConnectionClosedError> {
    await this.link.untilGone()
    return this.link.ending as ConnectionClosedError
  }

  /** As `close()`, with 1000. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Message after message. Leaving the loop closes nothing. */
  [Symbol.asyncIterator](): AsyncIterableIterator<WebSocketMessage> {
    return this.link.inbox
  }

  statistics(): WebSocketStatistics {
    const { link } = this
    return {
      ...link.traffic,
      queued: link.inbox.count,
      queuedBytes: link.inbox.size,
      sending: link.gone ? 0 : link.writer.queued,
      pings: link.pings.pending,
      roundTrip: link.pings.roundTrip,
    }
  }

  // Static, what is private: with private methods each connection would hold a mark of its own for that.

  static #sendNow(
    ws: WebSocketConnection,
    data: string | Uint8Array | ArrayBufferView | ArrayBuffer,
  ): number {
    ws.link.checkSendable()
    const bytes = typeof data === 'string' ? data : bytesOf(data)
    const size = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.byteLength
    ws.link.send(bytes, size)
    return size
  }

  /** Waits until the peer keeps up, and for the others that the event loop serves. */
  static #whenTaken({ link }: WebSocketConnection, size: number): Promise<void> {
    // A socket that takes it at once says so before the loop has turned, and may have said first that it is full.
    const tooMuch = sendsTooMuch(size)
    if (link.writer.ready) return tooMuch ? untilTurned() : done
    return tooMuch ? link.untilReady().then(untilTurned) : link.untilReady()
  }

  static async #sendLater(
    ws: WebSocketConnection,
    data: string | Uint8Array | ArrayBufferView | ArrayBuffer,
  ): Promise<void> {
    await WebSocketConnection.#turn(ws)
    let size: number
    try {
      size = WebSocketConnection.#sendNow(ws, data)
    } finally {
      WebSocketConnection.#nextTurn(ws)
    }
    await WebSocketConnection.#whenTaken(ws, size)
  }

  static async #sendFragments(
    ws: WebSocketConnection,
    parts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  ): Promise<void> {
    await WebSocketConnection.#turn(ws)
    let begun = false
    try {
      for await (const { data, fin } of fragmentsOf(parts)) {
        ws.link.checkSendable()
        const size = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
        // How much will come is not known, so whether it is worth compressing isn't, either.
        ws.link.send(data, size, fin, ws.link.deflate?.agreement.compresses ?? false)
        begun = !fin
        await WebSocketConnection.#whenTaken(ws, size)
      }
    } catch (error) {
      if (begun) ws.link.startClosing(closeCodes.internalError, 'a message was broken off')
      throw error
    } finally {
      WebSocketConnection.#nextTurn(ws)
    }
  }

  static async #turn(ws: WebSocketConnection): Promise<void> {
    if (!ws.link.fragmenting) {
      ws.link.fragment()
      return
    }
    const waiter = new LineWaiter<void>(currentScope(), 'another message to be sent')
    if (!waiter.settled) (ws.#line ??= new WaitLine()).add(waiter)
    await waiter.promise
  }

  static #nextTurn(ws: WebSocketConnection): void {
    const next = ws.#line?.shift()
    if (next === undefined) ws.link.fragmented()
    else next.resolve()
  }
}

async function rejected(error: unknown): Promise<never> {
  throw error
}
