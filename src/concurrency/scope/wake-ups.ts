/** What decides when a wake-up that one of our primitives made is carried out. */
export interface WakeUpOrder {
  add(wake: () => void): void
}

// Those that were put in force and not taken back, the last one at the end.
const inForce: WakeUpOrder[] = []
let order: WakeUpOrder | undefined
let made = 0

/** Counts one wake-up, so that a test can tell when no more of them come. */
export function countWakeUp(): void {
  made++
}

/** How many wake-ups were made since the program began. */
export function wakeUpsMade(): number {
  return made
}

/** Calls `wake(argument)`: at once, unless a test permutes wake-ups. */
export function wakeUp(wake: () => void): void
export function wakeUp<A>(wake: (argument: A) => void, argument: A): void
export function wakeUp<A>(wake: (argument?: A) => void, argument?: A): void {
  if (order === undefined) wake(argument)
  else addTo(order, wake, argument)
}

// Apart, since what a closure keeps is made where its function begins, and few get here.
function addTo<A>(order: WakeUpOrder, wake: (argument?: A) => void, argument?: A): void {
  order.add(() => wake(argument))
}

/** Whether a test permutes wake-ups. */
export function wakeUpsAreOrdered(): boolean {
  return order !== undefined
}

/**
 * Puts an order in force, and returns a function that takes it back, which may be called in any order
 * where there are several. For `spool/testing`.
 */
export function replaceWakeUpOrder(replacement: WakeUpOrder): () => void {
  inForce.push(replacement)
  order = replacement
  return () => {
    inForce.splice(inForce.lastIndexOf(replacement), 1)
    order = inForce.at(-1)
  }
}
