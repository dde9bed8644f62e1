import { outsideScopes } from '../concurrency/scope/context.ts'
import { wakeUpsMade } from '../concurrency/scope/wake-ups.ts'

// Taken at load, so that fake timers of a test runner do not stop it.
const nextTurn = globalThis.setImmediate

// Two and not one: native promise jobs between two of our wake-ups may take a turn of their own.
const quietTurns = 2
// Above it, something wakes itself up for ever; no test needs so many turns.
const mostTurns = 100_000

/** @internal Resolves when the event loop has turned once: what was ready to run has run. */
export function turn(): Promise<void> {
  return outsideScopes(() => new Promise((resolve) => nextTurn(resolve)))
}

/**
 * Waits until every task waits: until no wake-up of Spool's was made for two turns of the event loop.
 * Real I/O that is under way is not waited for.
 *
 * @throws Error if it never gets quiet, after 100,000 turns.
 *
 * Cancellation: does not look at its scope, so that tests can settle what they cancelled.
 */
export async function settle(): Promise<void> {
  let quiet = 0
  for (let turns = 0; quiet < quietTurns; turns++) {
    if (turns === mostTurns) {
      throw new Error(`Cannot settle: tasks still wake each other up after ${mostTurns} turns`)
    }
    const before = wakeUpsMade()
    await turn()
    quiet = wakeUpsMade() === before ? quiet + 1 : 0
  }
}
