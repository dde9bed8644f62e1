/** The members of a room, what was published to them, and when it is written. */
import { outsideScopes } from '../../../concurrency/scope/context.ts'
import { WaiterSet } from '../../../concurrency/scope/waiter-set.ts'
import { clock } from '../../../concurrency/time/current-clock.ts'
import { nextTurn } from '../../../concurrency/time/turn-queue.ts'
import type { WebSocketConnection } from '../websocket-connection.ts'
import { FlushPace } from './flush-pace.ts'
import { longestRun } from './frame-run.ts'
import { RoomLog } from './room-log.ts'
import { type RoomKeeper, RoomMember } from './room-member.ts'
import type { SharedMessage } from './shared-message.ts'
import { SlowMembers, type WhenSlow } from './slow-members.ts'

export interface BroadcastSettings {
  readonly whenSlow: WhenSlow
  readonly maxQueue: number
  readonly maxDelay: number
}

// How often it is looked whether what has to be compressed is, in milliseconds. One message takes about as long.
const compressionLook = 1

export class Broadcast implements RoomKeeper {
  readonly members: Map<WebSocketConnection, RoomMember> = new Map()
  readonly log: RoomLog = new RoomLog()
  readonly slow: SlowMembers
  readonly maxQueue: number
  published = 0
  flushes = 0
  /**
   * Those who published more within one turn than is gathered, or faster than it is compressed: woken when the
   * loop has turned, and no member has half of `maxQueue` left to be compressed.
   */
  turn: WaiterSet<void> | undefined = undefined
  // Whether a member has as much as that left.
  #behind = false
  readonly #pace: FlushPace
  // What most waits for one member: no less than that.
  #mostQueued = 0
  // Whether sockets were looked after since something was left waiting for one: a burst within one turn of the
  // loop tells nothing of who reads and who does not.
  #judging = true

  constructor({ whenSlow, maxQueue, maxDelay }: BroadcastSettings) {
    this.maxQueue = maxQueue
    this.slow = new SlowMembers(whenSlow)
    this.#pace = new FlushPace(maxDelay, () => this.#flush())
  }

  add(ws: WebSocketConnection): void {
    if (ws.open && !this.members.has(ws)) this.members.set(ws, new RoomMember(ws, this))
  }

  /** Publishes a message; to how many. */
  give(message: SharedMessage, except: WebSocketConnection | undefined): number {
    this.published++
    const { log } = this
    const leftOut = except === undefined ? undefined : this.members.get(except)
    const count = this.members.size - (leftOut === undefined ? 0 : 1)
    if (count === 0) return 0
    if (leftOut !== undefined) leftOut.leftOut = log.end
    log.add(message, leftOut)
    if (log.cost >= this.#limit) this.#flushNow()
    else if (log.size === 1) this.#pace.begin()
    return count
  }

  /** Messages that wait, each for each member. */
  get queued(): number {
    const { log, members } = this
    let queued = 0
    for (const member of members.values()) queued += member.queued + member.ahead
    return queued - log.countLeftOut()
  }

  /** Whether nothing more is to be published now. */
  get holdsUp(): boolean {
    return this.#behind || this.slow.waitedFor
  }

  untilRoom(): Promise<void> {
    const { turn } = this
    if (!this.#behind || turn === undefined) return this.slow.untilRoom()
    return turn.wait('what a room has to compress')
  }

  // As RoomKeeper:

  memberLags(member: RoomMember): void {
    this.slow.add(member)
  }

  memberHasRoom(member: RoomMember): void {
    this.slow.delete(member)
  }

  memberLeft(member: RoomMember): void {
    this.members.delete(member.ws)
    this.slow.delete(member)
    if (this.members.size === 0) this.#clear()
  }

  /** What is gathered at most. */
  get #limit(): number {
    if (this.slow.whenSlow !== 'wait') return longestRun
    // Who publishes is to wait before more than `maxQueue` waits for one, so that has to be seen.
    return Math.min(longestRun, this.maxQueue - this.#mostQueued)
  }

  #flushNow(): void {
    // The sockets must not take the publisher's context for theirs.
    outsideScopes(() => {
      this.#flush()
      this.#holdUp()
    })
  }

  #holdUp(): void {
    if (this.turn !== undefined) return
    this.turn = new WaiterSet()
    nextTurn(this.#goOn)
  }

  readonly #goOn = (): void => {
    for (const member of this.members.values()) {
      if (!this.#isBehind(member)) continue
      clock().setTimer(compressionLook, this.#goOn, { background: true })
      return
    }
    const { turn } = this
    this.turn = undefined
    this.#behind = false
    turn?.wake()
  }

  #isBehind(member: RoomMember): boolean {
    return member.queuedCost >= this.maxQueue / 2 && member.compressing
  }

  #isSlow(member: RoomMember): boolean {
    return this.#judging && member.overfull && !member.compressing
  }

  #flush(): void {
    const began = clock().now()
    this.flushes++
    this.#mostQueued = 0
    try {
      for (const member of this.members.values()) {
        if (this.#isSlow(member) && !this.slow.judge(member)) continue
        member.flush()
        this.#mostQueued = Math.max(this.#mostQueued, member.queuedCost)
        this.#behind ||= this.slow.whenSlow !== 'wait' && this.#isBehind(member)
      }
    } finally {
      // Whatever becomes of this one, the next messages begin anew.
      this.log.clear()
      this.#pace.done(began)
    }
    if (this.#behind) this.#holdUp()
    if (this.#mostQueued > 0 && this.#judging) this.#judgeLater()
  }

  #judgeLater(): void {
    this.#judging = false
    // The first turn may end before sockets were looked after.
    nextTurn(() => {
      nextTurn(() => (this.#judging = true))
    })
  }

  #clear(): void {
    if (this.log.size === 0) return
    this.log.clear()
    this.#pace.stop()
  }
}
