/**
 * One connection of a session: carries one exchange after the other, and knows when it must not carry
 * another. It decides nothing: the pool says what it is used for, the exchange what its bytes mean.
 *
 * A connection is used again only if the response before came to its end, by a framing that leaves no
 * doubt where that is, with no byte after it, and the request was sent to its end too.
 */
import { ProtocolError } from '../../wire/errors.ts'
import { ResponseParser } from '../../wire/http1/response-parser.ts'
import type { FieldList, ResponseHead } from '../../wire/http1/messages.ts'
import { sameName } from '../../http/header-fields.ts'
import type { Sink, Transport } from '../../io/transport.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { PhaseTimer, type PhaseTimers } from '../exchange/phase-timer.ts'
import type { PooledConnection } from '../pool/pool-host.ts'
import type { HostEntry } from './host-entry.ts'

/** What a connection tells whoever keeps it. */
export interface ConnectionKeeper {
  /** Its exchange is over and it may be used again. */
  released(connection: ClientConnection): void
  /** Its exchange is over and it is closed. */
  discarded(connection: ClientConnection): void
  /** It was idle and is closed. */
  lost(connection: ClientConnection): void
}

export class ClientConnection implements Sink, PooledConnection<ClientConnection, Exchange> {
  readonly host: HostEntry
  keepAlive: number = Infinity
  idle = false
  expires = 0
  olderIdle: ClientConnection | undefined = undefined
  newerIdle: ClientConnection | undefined = undefined
  belowIdle: ClientConnection | undefined = undefined
  aboveIdle: ClientConnection | undefined = undefined
  readonly transport: Transport
  /** For the phases of the exchange that it carries. */
  readonly timer: PhaseTimer
  /** How many exchanges it has begun. */
  exchanges = 0
  readonly #keeper: ConnectionKeeper
  readonly #parser: ResponseParser
  #exchange: Exchange | undefined = undefined
  #reusable = true
  #shared = false
  // The response has ended inside the chunk that is being read.
  #ended = false
  #trailers: FieldList = []
  #gone = false

  constructor(
    host: HostEntry,
    transport: Transport,
    keeper: ConnectionKeeper,
    timers: PhaseTimers,
  ) {
    this.host = host
    this.transport = transport
    this.#keeper = keeper
    this.#parser = new ResponseParser({
      informational: (head) => this.#exchange?.informational(head),
      head: (head) => this.#head(head),
      body: (bytes) => this.#exchange?.body(bytes, this.#shared),
      end: (trailers) => {
        this.#ended = true
        this.#trailers = trailers
      },
    })
    this.timer = new PhaseTimer(timers, (now) => this.#exchange?.timeUp(now))
    transport.start(this)
  }

  get exchange(): Exchange | undefined {
    return this.#exchange
  }

  /** Begins an exchange: what comes from now on is its response. */
  begin(exchange: Exchange, method: string): void {
    this.exchanges++
    this.#exchange = exchange
    this.#reusable = true
    this.#parser.start(method)
  }

  /** Gives the exchange up: nothing else can be done with a connection in the middle of one. */
  abort(): void {
    this.#exchange = undefined
    this.#close()
    this.#keeper.discarded(this)
  }

  /** Closes it without telling its keeper, who says so. */
  close(): void {
    this.#close()
  }

  data(bytes: Uint8Array, shared: boolean): void {
    const exchange = this.#exchange
    if (exchange === undefined) {
      // Bytes that nobody asked for would be read as the next response.
      this.#leave()
      return
    }
    this.#shared = shared
    let used: number
    try {
      used = this.#parser.feed(bytes)
    } catch (error) {
      this.abort()
      exchange.broken(error)
      return
    }
    // It may have been given up from inside.
    if (this.#exchange !== exchange) return
    if (this.#ended) this.#finish(exchange, used === bytes.byteLength)
    else exchange.progressed()
  }

  end(): void {
    const exchange = this.#exchange
    if (exchange === undefined) {
      this.#leave()
      return
    }
    try {
      this.#parser.eof()
    } catch (error) {
      this.abort()
      exchange.broken(error)
      return
    }
    if (this.#exchange === exchange) {
      if (this.#ended) this.#finish(exchange, false)
      else this.#failed(new ProtocolError('remote', 'Connection ended before the response'))
    }
  }

  drain(): void {
    this.#exchange?.drained()
  }

  closed(error?: Error): void {
    if (this.#gone) return
    if (this.#exchange === undefined) this.#leave()
    else this.#failed(error ?? new ProtocolError('remote', 'Connection closed before the response'))
  }

  #head(head: ResponseHead): void {
    if (!head.keepAlive || head.framing === 'until-close' || head.framing === 'tunnel') {
      this.#reusable = false
    }
    const keepAlive = fieldOf(head.fields, 'keep-alive')
    if (keepAlive !== undefined) this.keepAlive = announced(keepAlive)
    this.#exchange?.head(head)
  }

  #finish(exchange: Exchange, clean: boolean): void {
    this.#ended = false
    this.#exchange = undefined
    this.timer.clear()
    const trailers = this.#trailers
    if (clean && this.#reusable && !exchange.sending) this.#keeper.released(this)
    else {
      this.#close()
      this.#keeper.discarded(this)
    }
    exchange.ended(trailers)
  }

  #failed(error: Error): void {
    const exchange = this.#exchange
    this.abort()
    exchange?.broken(error)
  }

  #leave(): void {
    if (this.#gone) return
    this.#close()
    this.#keeper.lost(this)
  }

  #close(): void {
    this.#gone = true
    this.timer.stop()
    this.transport.destroy()
  }
}

// As many servers say it: `timeout=5`, in seconds. A second less, since the answer took its time.
function announced(value: string): number {
  const found = /(?:^|[,;\s])timeout=(\d{1,9})/i.exec(value)
  return found === null ? Infinity : Math.max(Number(found[1]) * 1000 - 1000, 0)
}

function fieldOf(fields: FieldList, name: string): string | undefined {
  for (let index = 0; index < fields.length; index += 2) {
    if (sameName(fields[index] as string, name)) return fields[index + 1]
  }
  return undefined
}
