/**
 * One connection of a session: carries one exchange after the other, and knows when it must not carry
 * another. It decides nothing else: the pool says what it is used for, the exchange what its bytes mean.
 *
 * It is used again only if the response before came to its end by a framing that leaves no doubt where
 * that is, with no byte after it, and the request was sent to its end too. Bytes that come while nobody
 * has asked for any would be read as the next response, so they end it, too.
 */
import type { Sink, Transport } from '../../io/transport.ts'
import { ProtocolError } from '../../wire/errors.ts'
import type { FieldList, ResponseEvents, ResponseHead } from '../../wire/http1/messages.ts'
import { ResponseParser } from '../../wire/http1/response-parser.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { PooledConnection } from '../pool/pool-host.ts'
import type { ClientHost } from './client-host.ts'
import type { Connector } from './connector.ts'
import { PhaseTimer } from './phase-timer.ts'

const noTrailers: FieldList = []

export class ClientConnection
  implements Sink, PooledConnection<ClientConnection, Exchange>, ResponseEventsOf
{
  readonly host: ClientHost
  keepAlive: number = Infinity
  idle = false
  expires: number = 0
  olderIdle: ClientConnection | undefined = undefined
  newerIdle: ClientConnection | undefined = undefined
  belowIdle: ClientConnection | undefined = undefined
  aboveIdle: ClientConnection | undefined = undefined
  readonly transport: Transport
  /** For the phases of the exchange that it carries. */
  readonly timer: PhaseTimer
  readonly openedAt: number
  /** When its last exchange ended. */
  idleSince: number = Infinity
  /** How many exchanges it has begun. */
  exchanges: number = 0
  /** Whether the response, once its head is there, lets it be used again. */
  reusable = false
  /** Whether anything of the response has come. */
  answered = false
  /** When the bytes came that are being read, on the clock. */
  now: number = 0
  readonly #connector: Connector
  readonly #parser: ResponseParser
  #exchange: Exchange | undefined = undefined
  #shared = false
  // The response has ended inside the chunk that is being read.
  #ended = false
  #trailers: FieldList = noTrailers
  // The response was 101.
  #tunnels = false
  // Whoever reads the body of the exchange's response has enough for now.
  #paused = false
  #gone = false
  #keepAliveText: string | undefined = undefined

  constructor(host: ClientHost, transport: Transport, connector: Connector, now: number) {
    this.host = host
    this.openedAt = now
    this.transport = transport
    this.timer = new PhaseTimer(connector.timers, this)
    this.#connector = connector
    this.#parser = new ResponseParser(new Reader(this), connector.limits)
    transport.start(this)
  }

  /** Begins an exchange: what comes from now on is its response. */
  begin(exchange: Exchange): void {
    this.exchanges++
    this.answered = false
    this.#exchange = exchange
    this.#parser.start(exchange.method)
  }

  /** Ends the exchange before its time: nothing else can be done with a connection in the middle of one. */
  abort(): void {
    this.#exchange = undefined
    this.close()
    this.#connector.discard(this.host)
  }

  /** Closes it, for one who has taken it out of the pool already. */
  close(): void {
    this.#gone = true
    this.timer.stop()
    this.transport.destroy()
  }

  /** Leaves the transport to another protocol, after a 101. The pool counts it until it is discarded. */
  giveAway(): boolean {
    if (!this.#tunnels || this.#gone) return false
    this.#exchange = undefined
    this.#gone = true
    this.timer.stop()
    return true
  }

  /** @internal */
  timeUp(now: number): void {
    this.#exchange?.timeUp(now)
  }

  // From the exchange. What it pauses is its own response: the pause ends with that, whoever still reads.

  pause(): void {
    this.#paused = true
    this.transport.pause()
  }

  resume(): void {
    this.#paused = false
    this.transport.resume()
  }

  // From the transport.

  data(bytes: Uint8Array, shared: boolean): void {
    const exchange = this.#exchange
    if (exchange === undefined) {
      this.#lose()
      return
    }
    this.answered = true
    this.now = clock().now()
    this.#shared = shared
    let used: number
    try {
      used = this.#parser.feed(bytes)
    } catch (error) {
      if (this.#exchange !== exchange) return
      this.abort()
      exchange.misread(error as Error)
      return
    }
    // It may have been given up from inside.
    if (this.#exchange !== exchange) return
    if (this.#ended) this.#finish(exchange, used === bytes.byteLength)
    else {
      if (this.#tunnels) {
        // What comes now is not HTTP: it waits for who takes the connection over.
        this.transport.pause()
        this.transport.unread(bytes.subarray(used))
      }
      exchange.progressed(this.now)
    }
  }

  end(): void {
    const exchange = this.#exchange
    if (exchange === undefined) {
      this.#lose()
      return
    }
    this.now = clock().now()
    try {
      // Ends a body that goes until here; otherwise something is missing.
      this.#parser.eof()
    } catch (error) {
      this.abort()
      exchange.disconnected(error as Error, this)
      return
    }
    if (this.#exchange === exchange && this.#ended) this.#finish(exchange, false)
  }

  drain(): void {
    this.#exchange?.drained()
  }

  closed(error?: Error): void {
    if (this.#gone) return
    const exchange = this.#exchange
    if (exchange === undefined) {
      this.#lose()
      return
    }
    this.abort()
    exchange.disconnected(error ?? new Error('the connection was closed'), this)
  }

  // From the parser.

  /** @internal */
  headRead(head: ResponseHead): void {
    if (head.framing === 'tunnel' && this.#exchange?.upgrades !== true) {
      throw new ProtocolError('remote', 'The server switched to a protocol that nobody asked for')
    }
    this.#tunnels = head.framing === 'tunnel'
    this.reusable = head.keepAlive
    if (head.keepAliveTerms !== this.#keepAliveText) {
      this.#keepAliveText = head.keepAliveTerms
      this.keepAlive = announced(head.keepAliveTerms)
    }
    this.#exchange?.responded(head, this.now)
  }

  /** @internal */
  informed({ status }: ResponseHead): void {
    if (status === 100) this.#exchange?.continued(this.now)
  }

  /** @internal */
  bodyRead(bytes: Uint8Array): void {
    this.#exchange?.received(bytes, this.#shared)
  }

  /** @internal */
  endRead(trailers: FieldList): void {
    this.#ended = true
    this.#trailers = trailers
  }

  #finish(exchange: Exchange, clean: boolean): void {
    const { now } = this
    this.#ended = false
    this.#exchange = undefined
    if (this.#paused) this.resume()
    if (clean && this.reusable && exchange.leavesReusable) {
      this.timer.clear()
      this.#connector.release(this, now)
    } else {
      this.close()
      this.#connector.discard(this.host)
    }
    exchange.ended(this.#trailers, now)
  }

  // It was idle: the peer has left, or speaks unasked.
  #lose(): void {
    if (this.#gone) return
    this.close()
    this.#connector.lost(this)
  }
}

interface ResponseEventsOf {
  informed(head: ResponseHead): void
  headRead(head: ResponseHead): void
  bodyRead(bytes: Uint8Array): void
  endRead(trailers: FieldList): void
}

// What the parser calls has a name in common with what the transport calls, so it is an object apart.
class Reader implements ResponseEvents {
  readonly #connection: ResponseEventsOf

  constructor(connection: ResponseEventsOf) {
    this.#connection = connection
  }

  informational(head: ResponseHead): void {
    this.#connection.informed(head)
  }

  head(head: ResponseHead): void {
    this.#connection.headRead(head)
  }

  body(bytes: Uint8Array): void {
    this.#connection.bodyRead(bytes)
  }

  end(trailers: FieldList): void {
    this.#connection.endRead(trailers)
  }
}

// As many servers say it: `timeout=5`, in seconds. A second less, since the answer took its time.
function announced(value: string | undefined): number {
  const found = /(?:^|[,;\s])timeout=(\d{1,9})/i.exec(value ?? '')
  return found === null ? Infinity : Math.max(Number(found[1]) * 1000 - 1000, 0)
}
