import { checkOptions, show } from '../../../concurrency/scope/arguments.ts'
import { WaiterSet } from '../../../concurrency/scope/waiter-set.ts'
import { currentScope } from '../../../concurrency/scope/scope.ts'
import { Lock } from '../../../concurrency/sync/lock.ts'
import { closeCodes } from '../close-code.ts'
import type { Names } from '../../../util/known-names.ts'
import { bytesOf } from '../outgoing-message.ts'
import { WebSocketConnection } from '../websocket-connection.ts'
import { RoomMember } from './room-member.ts'
import { SharedMessage } from './shared-message.ts'

export interface RoomOptions {
  /**
   * What to do with a member that does not keep up, once `maxQueue` waits for it: `wait` with the next
   * message until it has taken half of that, `drop-oldest` of its messages, or `disconnect` it with 1013.
   * Default `disconnect`: one slow client holds nobody up, and knows that it has missed something.
   */
  whenSlow?: 'wait' | 'drop-oldest' | 'disconnect'
  /** Bytes that may wait for each member, with 64 for each message. Default 1 MiB. */
  maxQueue?: number
}

const optionNames: Names<RoomOptions> = { whenSlow: true, maxQueue: true }

export interface PublishOptions {
  /** Who does not get it: mostly who sent it. */
  except?: WebSocketConnection
}

const publishNames: Names<PublishOptions> = { except: true }

export interface RoomStatistics {
  readonly members: number
  /** Messages published since the room was made. */
  readonly published: number
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
  readonly #members = new Map<WebSocketConnection, RoomMember>()
  readonly #whenSlow: NonNullable<RoomOptions['whenSlow']>
  readonly #maxQueue: number
  // With `wait`: who is full, who waits for them, and whose turn it is.
  readonly #full = new Set<RoomMember>()
  readonly #room = new WaiterSet<void>()
  readonly #lock = new Lock()
  #published = 0
  #dropped = 0
  #disconnected = 0

  /** @throws TypeError or RangeError for an option that makes no sense */
  constructor(options: RoomOptions = {}) {
    checkOptions('room', options, "{ whenSlow: 'wait' }", optionNames)
    const { whenSlow = 'disconnect', maxQueue = 1_048_576 } = options
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
    this.#whenSlow = whenSlow
    this.#maxQueue = maxQueue
  }

  /** How many connections are in it. */
  get size(): number {
    return this.#members.size
  }

  /** Whether a connection is in it. */
  has(ws: WebSocketConnection): boolean {
    return this.#members.has(ws)
  }

  /**
   * Takes a connection in, until what this returns is disposed of, `leave()` is called, or it is closed.
   * One that is in the room already, or closed, is left as it is.
   */
  join(ws: WebSocketConnection): Disposable {
    if (!(ws instanceof WebSocketConnection)) {
      throw new TypeError(`Cannot join a room with ${show(ws)}: expected a WebSocketConnection`)
    }
    if (ws.open && !this.#members.has(ws)) {
      const member = new RoomMember(ws.link, this.#maxQueue, {
        memberHasRoom: (roomy) => this.#hasRoom(roomy),
        memberLeft: (left) => {
          this.#members.delete(ws)
          this.#hasRoom(left)
        },
      })
      this.#members.set(ws, member)
    }
    return { [Symbol.dispose]: () => void this.leave(ws) }
  }

  /** Takes a connection out; false if it was not in. What waits for it is dropped. */
  leave(ws: WebSocketConnection): boolean {
    const member = this.#members.get(ws)
    member?.leave()
    return member !== undefined
  }

  /**
   * Sends a message to all members, in the same order to each; how many it was given to. Leave bytes alone
   * afterwards: they are shared with what still waits. Waits for slow members with `whenSlow: 'wait'`, and
   * for nothing otherwise.
   *
   * Cancellation: nothing is sent; a message is given to all or to none.
   *
   * @throws TypeError for what is no message, or an option that there is not
   */
  async publish(
    message: string | Uint8Array | ArrayBuffer,
    options: PublishOptions = {},
  ): Promise<number> {
    currentScope().throwIfCancelled()
    checkOptions('publication', options, '{ except: ws }', publishNames)
    const shared = new SharedMessage(typeof message === 'string' ? message : bytesOf(message))
    if (this.#whenSlow !== 'wait') return this.#give(shared, options.except)
    using _ = await this.#lock.acquire()
    while (this.#full.size > 0) await this.#room.wait('the slow members of a room')
    return this.#give(shared, options.except)
  }

  /** As `publish()`, a value as JSON text. */
  async publishJson(value: unknown, options: PublishOptions = {}): Promise<number> {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw new TypeError(`Cannot publish ${typeof value} as JSON`)
    return this.publish(text, options)
  }

  statistics(): RoomStatistics {
    let queued = 0
    for (const member of this.#members.values()) queued += member.queued
    return {
      members: this.#members.size,
      published: this.#published,
      queued,
      dropped: this.#dropped,
      disconnected: this.#disconnected,
    }
  }

  #give(message: SharedMessage, except: WebSocketConnection | undefined): number {
    let given = 0
    this.#published++
    for (const [ws, member] of this.#members) {
      if (ws === except || !ws.open) continue
      member.give(message)
      given++
      if (member.full) this.#tooSlow(member)
    }
    return given
  }

  #tooSlow(member: RoomMember): void {
    if (this.#whenSlow === 'wait') this.#full.add(member)
    else if (this.#whenSlow === 'drop-oldest') this.#dropped += member.dropOldest()
    else {
      this.#disconnected++
      member.leave()
      member.link.startClosing(closeCodes.tryAgainLater, 'too slow')
    }
  }

  #hasRoom(member: RoomMember): void {
    this.#full.delete(member)
    if (this.#full.size === 0) this.#room.wake()
  }
}
