/** What is done about members that don't keep up, and who waits for them. */
import { WaiterSet } from '../../../concurrency/scope/waiter-set.ts'
import { closeCodes } from '../close-code.ts'
import type { RoomMember } from './room-member.ts'

/** See `RoomOptions`. */
export type WhenSlow = 'wait' | 'drop-oldest' | 'disconnect'

export class SlowMembers {
  readonly whenSlow: WhenSlow
  dropped = 0
  disconnected = 0
  // With `wait`: who is full, and who waits for them.
  readonly #full = new Set<RoomMember>()
  readonly #room = new WaiterSet<void>()

  constructor(whenSlow: WhenSlow) {
    this.whenSlow = whenSlow
  }

  /** Whether publishing has to wait. */
  get waitedFor(): boolean {
    return this.#full.size > 0
  }

  untilRoom(): Promise<void> {
    return this.#room.wait('the slow members of a room')
  }

  /** As much waits for a member as may. */
  add(member: RoomMember): void {
    if (this.whenSlow === 'wait') this.#full.add(member)
  }

  /** It has taken half, or has left. */
  delete(member: RoomMember): void {
    if (this.#full.delete(member) && this.#full.size === 0) this.#room.wake()
  }

  /** More waited for a member than may, and still does; false if it is no member any more. */
  judge(member: RoomMember): boolean {
    if (this.whenSlow === 'drop-oldest') this.dropped += member.dropOldest()
    if (this.whenSlow !== 'disconnect') return true
    this.disconnected++
    member.drop()
    member.link.startClosing(closeCodes.tryAgainLater, 'too slow')
    return false
  }
}
