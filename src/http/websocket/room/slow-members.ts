/**
 * What is done about members that don't keep up. With `wait`, at once: it does them no harm. With the
 * others, only once the loop has turned, and what waited for a member could be taken by the system: a burst
 * within one turn tells nothing of who can't be reached.
 */
import { WaiterSet } from '../../../concurrency/scope/waiter-set.ts'
import { nextTurn } from '../../../concurrency/time/turn-queue.ts'
import { closeCodes } from '../close-code.ts'
import type { RoomMember } from './room-member.ts'

/** See `RoomOptions`. */
export type WhenSlow = 'wait' | 'drop-oldest' | 'disconnect'

export class SlowMembers {
  readonly whenSlow: WhenSlow
  dropped = 0
  disconnected = 0
  // With `wait`: who is full, and who waits for them. Otherwise: who is to be looked at again.
  readonly #full = new Set<RoomMember>()
  readonly #room = new WaiterSet<void>()

  constructor(whenSlow: WhenSlow) {
    this.whenSlow = whenSlow
  }

  /** Whether publishing has to wait. */
  get waitedFor(): boolean {
    return this.whenSlow === 'wait' && this.#full.size > 0
  }

  untilRoom(): Promise<void> {
    return this.#room.wait('the slow members of a room')
  }

  /** As much waits for a member as may. */
  add(member: RoomMember): void {
    this.#full.add(member)
    // Two turns, since the first one may begin behind where sockets are looked after.
    if (this.whenSlow !== 'wait' && this.#full.size === 1) nextTurn(() => nextTurn(this.#judge))
  }

  /** It has taken half, or has left. */
  delete(member: RoomMember): void {
    if (this.#full.delete(member) && this.#full.size === 0) this.#room.wake()
  }

  readonly #judge = (): void => {
    const members = Array.from(this.#full)
    this.#full.clear()
    for (const member of members) {
      if (!member.overfull) continue
      if (this.whenSlow === 'drop-oldest') this.dropped += member.dropOldest()
      else {
        this.disconnected++
        member.drop()
        member.link.startClosing(closeCodes.tryAgainLater, 'too slow')
      }
    }
  }
}
