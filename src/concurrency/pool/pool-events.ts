import { checkFunction, show } from '../scope/arguments.ts'
import { outsideScopes } from '../scope/context.ts'
import { reportLost } from '../scope/lost-errors.ts'

/** `drain`: no task waits for a slot any more. `idle`: no task is left at all. */
export type PoolEvent = 'drain' | 'idle'

interface Subscription {
  readonly event: PoolEvent
  readonly listener: () => void
}

/** Who is told when a pool gets empty. */
export class PoolEvents {
  readonly #subscriptions = new Set<Subscription>()

  /** Calls `listener` at every `event`, until the function that it returns is called. */
  on(event: PoolEvent, listener: () => void): () => void {
    if (event !== 'drain' && event !== 'idle') {
      throw new TypeError(`Cannot listen to ${show(event)} of a pool: expected "drain" or "idle"`)
    }
    checkFunction(`listen to "${event}" of a pool`, listener)
    const subscription = { event, listener }
    this.#subscriptions.add(subscription)
    return () => {
      this.#subscriptions.delete(subscription)
    }
  }

  /** Calls the listeners outside of every scope; what one throws is an uncaught exception. */
  emit(event: PoolEvent): void {
    for (const subscription of this.#subscriptions) {
      if (subscription.event !== event) continue
      try {
        outsideScopes(subscription.listener)
      } catch (error) {
        reportLost(error, undefined, `a listener to "${event}"`)
      }
    }
  }
}
