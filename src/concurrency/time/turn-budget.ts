/**
 * Lets the event loop turn where work would not: what is sent to a peer that takes everything at once makes each
 * `await` go on at once, and a loop of those would hold up all timers, deadlines and other connections of
 * the process for as long as it runs.
 */
import { WaiterSet } from '../scope/waiter-set.ts'
import { nextTurn } from './turn-queue.ts'

// What takes about a millisecond: to hand a message to the system costs 6 to 10 µs besides its bytes, as much
// as some 2 KiB of these.
const mostInTurn = 262_144
const eachMessage = 2_048

// Of all connections: it is one loop that they hold up.
let sent = 0
let waiting: WaiterSet<void> | undefined = undefined

/** Something came from outside, so the loop turns. An echo never sends much without reading, and waits for nothing. */
export function loopTurns(): void {
  sent = 0
}

/** Counts bytes that were sent at once; true if their sender is to wait for `untilTurned()`. */
export function sendsTooMuch(size: number): boolean {
  sent += eachMessage + size
  return sent > mostInTurn
}

/** Waits until the event loop has turned. */
export function untilTurned(): Promise<void> {
  if (waiting === undefined) {
    waiting = new WaiterSet()
    nextTurn(turned)
  }
  return waiting.wait('others to have their turn')
}

function turned(): void {
  const all = waiting
  waiting = undefined
  sent = 0
  all?.wake()
}
