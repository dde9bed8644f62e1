/**
 * What is written until the event loop has turned leaves in one write: a write costs the system far more
 * than what is in it. For connections that have several messages to send.
 */
import { nextTurn } from '../../concurrency/time/turn-queue.ts'

/** Whose transport is corked. */
export interface Gatherer {
  /** The loop has turned: uncork it. */
  turned(): void
}

let gatherers: Gatherer[] = []

export function untilTurn(gatherer: Gatherer): void {
  if (gatherers.push(gatherer) === 1) nextTurn(turned)
}

function turned(): void {
  const all = gatherers
  gatherers = []
  for (const gatherer of all) gatherer.turned()
}
