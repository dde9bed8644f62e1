import { checkDuration, checkOptions, show } from '../../../concurrency/scope/arguments.ts'
import { currentScope } from '../../../concurrency/scope/scope.ts'
import type { WaiterSet } from '../../../concurrency/scope/waiter-set.ts'
import { Lock } from '../../../concurrency/sync/lock.ts'
import type { Names } from '../../../util/known-names.ts'
import { bytesOf } from '../outgoing-message.ts'
import { WebSocketConnection } from '../websocket-connection.ts'
import { Broadcast, type BroadcastSettings } from './broadcast.ts'
import { SharedMessage } from './shared-message.ts'
import type { WhenSlow } from './slow-members.ts'

export interface RoomOptions {
  /**
   * What to do with a member that does not keep up, once `maxQueue` waits for it: `wait` with the next
   * message until it has taken half of that, `drop-oldest` of its messages, or `disconnect` it with 1013.
   * Default `disconnect`: one slow client holds nobody up, and knows that it has missed something.
   *
   * The last two are done when more is to be written to a member for which as much waits from earlier turns
   * of the loop. So a burst within one turn disconnects nobody who has read it when the next message comes, and
   * neither does a single message, however large.
   */
  whenSlow?: WhenSlow
  /**
   * Bytes that may wait for each member, with 64 for each message, besides those that were published in the
   * last turn of the loop. What its socket has taken does not count. Default 1 MiB.
   */
  maxQueue?: number
  /**
   * How much later than at the end of its turn of the event loop a message may be written, in milliseconds.
   * Default 10.
   *
   * A write costs the system much the same for one message as for ten. So once a room has written to all its
   * members, it does so again at the earliest after as long as that took, and writes what was published
   * meanwhile together: under load, it takes half of the loop's time, and not all of it. A message that
   * comes when nothing was written lately is never held back. 0 writes in each turn: no delay, and for
   * each message of a burst as much work as for the first.
   */
  maxDelay?: number
}

const optionNames: Names<RoomOptions> = { whenSlow: true, maxQueue: true, maxDelay: true }

export interface PublishOptions {
  /** Who does not get it: mostly who sent it. */
  except?: WebSocketConnection
}

const publishNames: Names<PublishOptions> = { except: true }

export interface RoomStatistics {
  readonly members: number
  /** Messages published since the room was made. */
  readonly published: number
  /** How often what was published was written: `published` / `flushes` messages left in one write. */
  readonly flushes: number
  /** Messages that wait for members now, each counted for each member. */
  readonly queued: number
  /** Dropped by `drop-oldest`. */
  readonly dropped: number
  /** Members closed by `disconnect`. */
  readonly disconnected: number
}

/**
 * Sends the same messages to many connections. A message is framed once, and sent as it is to all who
 * don't compress.
 *
 * @example
 * ```ts
 * const room = new Room()
 * const app = new Application().websocket('/chat', async (ws) => {
 *   using _ = room.join(ws)
 *   for await (const message of ws) await room.publish(message)
 * })
 * await using server = await serve(app, { port: 0 })
 * await using session = new ClientSession({ baseUrl: server.url })
 * await using ada = await session.websocket('/chat')
 * await using bob = await session.websocket('/chat')
 * await bob.ping()
 * await ada.send('Hello')
 * console.log(await bob.receive()) // → Hello
 * ```
 */
export class Room {
  readonly #broadcast: Broadcast
  // Of those who are held up: whose turn it is.
  readonly #lock = new Lock()

  /** @throws TypeError or RangeError for an option that makes no sense */
  constructor(options: RoomOptions = {}) {
    this.#broadcast = new Broadcast(settingsOf(options))
  }

  /** How many connections are in it. */
  get size(): number {
    return this.#broadcast.members.size
  }

  /** Whether a connection is in it. */
  has(ws: WebSocketConnection): boolean {
    return this.#broadcast.members.has(ws)
  }

  /**
   * Takes a connection in, until what this returns is disposed of, `leave()` is called, or it is closed, by
   * either end. It gets what is published from now on. One that is in the room already, or closed, is left
   * as it is.
   */
  join(ws: WebSocketConnection): Disposable {
    if (!(ws instanceof WebSocketConnection)) {
      throw new TypeError(`Cannot join a room with ${show(ws)}: expected a WebSocketConnection`)
    }
    this.#broadcast.add(ws)
    return { [Symbol.dispose]: () => void this.leave(ws) }
  }

  /**
   * Takes a connection out; false if it was not in. What was published before is still sent to it, in front
   * of a close frame if one follows.
   */
  leave(ws: WebSocketConnection): boolean {
    const member = this.#broadcast.members.get(ws)
    member?.leave()
    return member !== undefined
  }

  /**
   * Sends a message to all who are members now, in the same order to each, and behind what was given to
   * `ws.send()` before; to how many. It is handed over at once and written at the end of this turn of the
   * event loop, or a little later under load (`maxDelay`); what follows by `ws.send()`, and a close frame,
   * comes behind it. Leave bytes alone afterwards: they are shared with what still waits.
   *
   * Waits, before it sends, for slow members with `whenSlow: 'wait'`, and as long as half of `maxQueue` has
   * to be compressed for a member alone; and afterwards, until the loop has turned if 64 KiB were published
   * within this turn, so that those who receive are served meanwhile. For nothing otherwise.
   *
   * Cancellation: before it is called, or while it waits before it sends, nothing is sent; a message is
   * given to all or to none. Once it is given, the rest of the wait is given up, and nothing is thrown.
   *
   * @throws TypeError for what is no message, or an option that there is not
   *
   * @example
   * ```ts
   * const room = new Room({ whenSlow: 'drop-oldest' })
   * console.log(await room.publish('nobody is here')) // → 0
   * ```
   */
  async publish(
    message: string | Uint8Array | ArrayBuffer,
    options: PublishOptions = {},
  ): Promise<number> {
    currentScope().throwIfCancelled()
    checkOptions('publication', options, '{ except: ws }', publishNames)
    const shared = new SharedMessage(typeof message === 'string' ? message : bytesOf(message))
    const broadcast = this.#broadcast
    if (!broadcast.holdsUp && !this.#lock.locked) return this.#give(shared, options.except)
    using _ = await this.#lock.acquire()
    while (broadcast.holdsUp) await broadcast.untilRoom()
    return await this.#give(shared, options.except)
  }

  /**
   * As `publish()`, a value as JSON text.
   *
   * Cancellation: as `publish()`.
   *
   * @throws TypeError for what JSON has no form for
   */
  async publishJson(value: unknown, options: PublishOptions = {}): Promise<number> {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw new TypeError(`Cannot publish ${typeof value} as JSON`)
    return this.publish(text, options)
  }

  statistics(): RoomStatistics {
    const { members, published, flushes, queued, slow } = this.#broadcast
    const { dropped, disconnected } = slow
    return { members: members.size, published, flushes, queued, dropped, disconnected }
  }

  #give(message: SharedMessage, except: WebSocketConnection | undefined): number | Promise<number> {
    const broadcast = this.#broadcast
    const count = broadcast.give(message, except)
    return broadcast.turn === undefined ? count : countAfter(broadcast.turn, count)
  }
}

async function countAfter(turn: WaiterSet<void>, count: number): Promise<number> {
  try {
    await turn.wait('a room to write what was published')
  } catch {
    // Cancelled: but it is sent.
  }
  return count
}

function settingsOf(options: RoomOptions): BroadcastSettings {
  checkOptions('room', options, "{ whenSlow: 'wait' }", optionNames)
  const { whenSlow = 'disconnect', maxQueue = 1_048_576, maxDelay = 10 } = options
  if (!['wait', 'drop-oldest', 'disconnect'].includes(whenSlow)) {
    throw new TypeError(
      `Invalid "whenSlow" ${show(whenSlow)}: expected "wait", "drop-oldest" or "disconnect"`,
    )
  }
  if (typeof maxQueue !== 'number') {
    throw new TypeError(`Invalid "maxQueue" ${show(maxQueue)}: expected a number of bytes`)
  }
  if (!(maxQueue >= 1)) {
    throw new RangeError(`Invalid "maxQueue" ${maxQueue}: expected 1 or more`)
  }
  return { whenSlow, maxQueue, maxDelay: checkDuration('"maxDelay"', maxDelay) }
}
