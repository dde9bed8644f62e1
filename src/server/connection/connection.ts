/**
 * The policy of one connection of a server: when which bytes are read, what happens if its client is
 * slow, wrong or gone, and when the connection ends. How bytes become requests is the reader's business,
 * how a request becomes a response that of the handling.
 *
 * 1. One request at a time. While it is handled, what follows is held as bytes, unparsed, up to a
 *    limit: so responses are in order by construction, and a flood of requests costs its sender only.
 * 2. Everything that ends a connection goes through `#endAfterFlush()` (in order: the client gets what
 *    was written, and has a while to end its side) or `destroy()`.
 * 3. After a 101 the transport is given away, with every byte behind the request, and HTTP is over.
 */
import { TimeoutError } from '../../concurrency/errors.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { outsideContexts } from '../../concurrency/scope/context.ts'
import type { Sink, Transport } from '../../io/transport.ts'
import { ProtocolError } from '../../wire/errors.ts'
import type { RequestOrigin, ServerRequest } from '../messages/server-request.ts'
import type { UpgradeResponse } from '../messages/upgrade-response.ts'
import type { ServerTimeouts } from '../server-options.ts'
import type { ConnectionHost, Endpoint, HostedConnection } from './connection-host.ts'
import { plainResponse } from './failure-response.ts'
import { Handling, type HandlingListener } from './handling.ts'
import { ReadAhead } from './read-ahead.ts'
import { type ReadPhase, ReadTimer, type ReadTimeoutListener } from './read-timer.ts'
import { RequestReader } from './request-reader.ts'
import type { RequestScope } from './request-scope.ts'
import type { ResponsePump } from './response-pump.ts'
import { Takeover } from './takeover.ts'

const nothing = new Uint8Array(0)

type State = 'open' | 'ending' | 'upgraded' | 'gone'

export class Connection
  implements Sink, RequestOrigin, ReadTimeoutListener, HandlingListener, HostedConnection
{
  previousConnection: HostedConnection | undefined = undefined
  nextConnection: HostedConnection | undefined = undefined
  readonly #transport: Transport
  readonly #host: ConnectionHost
  readonly #endpoint: Endpoint
  readonly #reader: RequestReader
  readonly #readTimer: ReadTimer
  readonly #pump: ResponsePump
  readonly #ahead: ReadAhead
  readonly #handling: Handling
  #state: State = 'open'
  #peerEnded = false
  /** Whether it is other connections' turn. */
  #yielding = false
  #consuming = false
  // Whether there is more behind the request that is received.
  #more = false
  // Its response was 101, and the bytes behind it are still to be found.
  #upgrade: UpgradeResponse | undefined = undefined

  constructor(transport: Transport, host: ConnectionHost, endpoint: Endpoint) {
    this.#transport = transport
    this.#host = host
    this.#endpoint = endpoint
    this.#readTimer = new ReadTimer(host.wheel, host.timeouts, this)
    this.#ahead = new ReadAhead(transport, host.limits.readAhead)
    this.#reader = new RequestReader(transport, this, host, this.#readTimer)
    this.#handling = new Handling(transport, host, this.#reader, this.#readTimer, this)
    this.#pump = this.#handling.pump
  }

  get remoteAddress(): string | undefined {
    return this.#transport.remoteAddress
  }

  get secure(): boolean {
    return this.#endpoint.secure
  }

  get authority(): string {
    return this.#endpoint.authority
  }

  get gone(): boolean {
    return this.#state === 'gone'
  }

  /** Whether it has no request, and nothing of one. */
  get idle(): boolean {
    return (
      !this.#handling.running &&
      !this.#reader.reading &&
      this.#reader.idle &&
      this.#ahead.size === 0
    )
  }

  start(): void {
    this.#readTimer.head()
    this.#transport.start(this)
  }

  /** The server takes no more requests: ends now, or after the one that is read or handled. */
  endWhenIdle(): void {
    if (this.#state !== 'open' || !this.idle) return
    // Nothing is under way, so there is nothing to wait for.
    if (this.#transport.bytesQueued > 0) this.#endAfterFlush()
    else this.destroy()
  }

  /** Closes at once, and cancels nothing: who left whom is for the caller to say. */
  destroy(error?: Error): void {
    this.#leave(error)
    this.#transport.destroy(error)
  }

  // As Sink:

  data(bytes: Uint8Array, shared: boolean): void {
    // Thrown away: it is read so that the client can end its side in its own time.
    if (this.#state !== 'open' || this.#reader.lost) return
    if (this.#reader.reading) {
      this.#readTimer.received(bytes.byteLength)
      this.#consume(bytes, shared, true)
    } else if (this.#mustWait() || this.#ahead.size > 0) {
      this.#ahead.add(bytes, shared)
    } else this.#consume(bytes, shared, true)
  }

  end(): void {
    this.#peerEnded = true
    if (this.#state !== 'open') return
    if (this.#handling.running) this.#endedBehind(this.#ahead.size > 0)
    else if (this.#incomplete() !== undefined) this.#disconnected()
    else if (this.#ahead.size === 0) this.#endAfterFlush()
  }

  /** The client has ended its side, and waits for its answer or has left. `more`: requests behind the one that runs. */
  #endedBehind(more: boolean): void {
    const { cancelOnDisconnect, halfClose = this.#host.halfClose } = this.#running().destination
    const incomplete = this.#incomplete()
    if (cancelOnDisconnect && !halfClose) this.#disconnected()
    else if (incomplete !== undefined) this.#refuse(incomplete, 400)
    else if (!more) this.#handling.keepAlive = false
  }

  /** What is wrong with a message that ends here. */
  #incomplete(): unknown {
    try {
      this.#reader.eof()
      return undefined
    } catch (error) {
      return error
    }
  }

  drain(): void {
    this.#pump.drained()
    if (this.#state === 'ending') this.#endNow()
    else this.#goOn()
  }

  closed(error?: Error): void {
    if (this.#state === 'upgraded') return
    if (this.#handling.running && this.#running().destination.cancelOnDisconnect)
      this.#handling.cancel()
    this.#leave(error)
    this.#host.connectionClosed(this)
  }

  #running(): RequestScope {
    return this.#handling.scope as RequestScope
  }

  // Requests in:

  #mustWait(): boolean {
    return this.#handling.running || this.#pump.full || this.#yielding
  }

  /** `fresh`: whether this step is the socket's, and nobody's who was handled before. */
  #consume(bytes: Uint8Array, shared: boolean, fresh: boolean): void {
    let rest = bytes
    let corked = false
    this.#consuming = true
    for (let count = 1; ; count++) {
      let used: number
      try {
        used = this.#reader.feed(rest, shared)
      } catch (error) {
        this.#host.malformed++
        this.#refuse(error, ProtocolError.is(error) ? error.statusHint : 400)
        break
      }
      const more = used < rest.byteLength
      if (this.#reader.request !== undefined && !this.#handling.running) {
        if (more && !corked) {
          corked = true
          this.#transport.cork()
        }
        this.#more = more
        if (fresh && count === 1) this.#received(this.#reader.request)
        // What an earlier handler put into the stores of others would be there for this one.
        else outsideContexts(Connection.#receivedBy, this)
      }
      if (!more) {
        rest = nothing
        break
      }
      rest = rest.subarray(used)
      if (this.#state !== 'open') break
      if (count >= this.#host.limits.pipelining) {
        this.#yielding = true
        outsideScopes(() => setImmediate(() => this.#turnCame()))
      }
      if (this.#mustWait()) {
        // What is held is taken before anything is consumed, so these are the first.
        this.#ahead.add(rest, shared)
        break
      }
    }
    this.#consuming = false
    if (corked) this.#transport.uncork()
    if (this.#upgrade !== undefined) this.#giveAway(this.#upgrade, rest)
    else if (this.#handling.running) {
      if (!this.#reader.reading) this.#readTimer.stop()
    } else if (this.#reader.request === undefined && !this.#reader.idle) this.#readTimer.head()
  }

  static #receivedBy(this: void, connection: Connection): void {
    connection.#received(connection.#reader.request as ServerRequest)
  }

  // A message, or a part of it, that no handler has; or the end of one that the handler left behind.
  #received(request: ServerRequest): void {
    if (this.#handling.scope === undefined) {
      this.#handling.begin(request)
      // It had ended its side before, but its earlier requests were answered.
      if (this.#peerEnded && this.#handling.running) this.#endedBehind(this.#more)
    } else if (!this.#reader.reading) this.#next()
    else if (this.#reader.tooMuchToDiscard) this.#endAfterFlush()
  }

  #turnCame(): void {
    this.#yielding = false
    this.#goOn()
  }

  // Reads on in what is held, if nothing stands against it.
  #goOn(): void {
    if (this.#state !== 'open' || this.#consuming || this.#mustWait()) return
    if (this.#ahead.size > 0) this.#consume(this.#ahead.take(), false, false)
    // Nothing comes to complete a request that is there in part.
    if (this.#peerEnded && !this.#mustWait() && this.#ahead.size === 0) this.#endAfterFlush()
  }

  // From the handling:

  handled(): void {
    if (this.#state === 'gone') this.#reader.discard()
    else if (!this.#handling.keepAlive) this.#endAfterFlush()
    else if (this.#reader.reading) {
      // The client has not sent all of the body; what was not read of it is thrown away as it comes.
      this.#handling.waitForBody()
      this.#reader.discard()
    } else this.#next()
  }

  upgraded(response: UpgradeResponse): void {
    this.#state = 'upgraded'
    this.#readTimer.close()
    this.#pump.stop()
    if (this.#consuming) this.#upgrade = response
    else this.#giveAway(response, this.#ahead.size > 0 ? this.#ahead.take() : nothing)
  }

  // Nothing of the transport is touched from here on.
  #giveAway(response: UpgradeResponse, rest: Uint8Array): void {
    const scope = this.#running()
    const takeover = new Takeover(this.#transport, this.#host, this.#endpoint, scope)
    this.#host.replace(this, takeover)
    scope.request.outlive(this, takeover)
    // Until the taker starts it: what comes meanwhile is not ours.
    this.#transport.pause()
    this.#transport.unread(rest)
    takeover.run(response.take)
  }

  #next(): void {
    this.#handling.scope = undefined
    this.#reader.next()
    this.#readTimer.keepAlive()
    if (this.#host.closing) this.#endAfterFlush()
    else if (!this.#consuming) this.#goOn()
  }

  // Ends:

  // What comes makes no sense, or takes too long: where the next message begins is anybody's guess.
  #refuse(error: unknown, status: number): void {
    this.#reader.lost = true
    this.#handling.keepAlive = false
    if (this.#handling.running) {
      // Its handler finds out when it reads the body.
      this.#readTimer.stop()
      this.#reader.fail(error)
    } else if (this.#handling.scope === undefined) {
      this.#pump.refuse(plainResponse(status))
      this.#endAfterFlush()
    } else this.#endAfterFlush()
  }

  timedOut(phase: ReadPhase): void {
    if (phase === 'linger') this.#lingered()
    else if (phase === 'keepAlive') this.#endAfterFlush()
    else {
      this.#host.timedOut++
      // Nothing was asked, so there is nothing to answer.
      if (phase === 'head' && this.#reader.idle) this.destroy()
      else this.#refuse(bodyTimeout(this.#readTimer.slow, this.#host.timeouts), 408)
    }
  }

  stalled(): void {
    this.#host.timedOut++
    const { write } = this.#host.timeouts
    this.#disconnected(new TimeoutError('write', write, `The client took nothing for ${write} ms`))
  }

  #disconnected(error?: Error): void {
    if (this.#handling.running) this.#handling.cancel()
    this.destroy(error)
  }

  #endAfterFlush(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    // Reading on, so that what the client still sends does not turn our last words into a reset.
    this.#transport.resume()
    if (this.#pump.full) this.#readTimer.stop()
    else this.#endNow()
  }

  #endNow(): void {
    this.#transport.end()
    this.#readTimer.linger()
    if (this.#transport.bytesQueued > 0) this.#pump.watchEnd()
  }

  #lingered(): void {
    // Its client is still taking our last words: how slowly it may is for the write timer to say.
    if (this.#transport.bytesQueued > 0) this.#readTimer.linger()
    else this.destroy()
  }

  #leave(error: Error | undefined): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.#readTimer.close()
    this.#pump.stop()
    if (this.#handling.running) this.#handling.fail(error)
  }
}

function bodyTimeout(slow: boolean, timeouts: ServerTimeouts): TimeoutError {
  const { bodyIdle, bodyRate, bodyRateGrace } = timeouts
  return slow
    ? new TimeoutError(
        'idle',
        bodyRateGrace,
        `The client sent its body at less than ${bodyRate} bytes a second for more than ${bodyRateGrace} ms`,
      )
    : new TimeoutError('idle', bodyIdle, `The client sent nothing of its body for ${bodyIdle} ms`)
}
