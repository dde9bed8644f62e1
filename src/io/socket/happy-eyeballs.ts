/**
 * Happy Eyeballs (RFC 8305): tries the addresses of a host one after the other, each a little after
 * the one before or as soon as that has failed, and keeps the first that answers.
 *
 * It knows nothing of sockets but that they connect, fail and can be destroyed.
 */
import type { ClockTimer } from '../../concurrency/time/clock.ts'
import { clock } from '../../concurrency/time/current-clock.ts'

/** RFC 8305 §5: the connection attempt delay, recommended to be 250 ms. */
const attemptDelay = 250

/** A connection being made. */
export interface Attempt {
  destroy(): void
}

export interface AttemptEvents<A extends Attempt> {
  connected(attempt: A): void
  failed(attempt: A, error: Error): void
}

export interface RaceResult<T, A extends Attempt> {
  /** The first to answer; all others are destroyed already. */
  won(attempt: A, target: T): void
  /** All have failed. */
  lost(failures: readonly { target: T; error: Error }[]): void
}

/** RFC 8305 §4: families alternate, beginning with that of the first address. */
export function interleave<T extends { readonly family: 4 | 6 }>(addresses: readonly T[]): T[] {
  const first = addresses[0]?.family
  const preferred = addresses.filter(({ family }) => family === first)
  const others = addresses.filter(({ family }) => family !== first)
  const result: T[] = []
  for (let index = 0; index < Math.max(preferred.length, others.length); index++) {
    result.push(...preferred.slice(index, index + 1), ...others.slice(index, index + 1))
  }
  return result
}

export class ConnectionRace<T, A extends Attempt> {
  readonly #targets: readonly T[]
  readonly #open: (target: T, events: AttemptEvents<A>) => A
  readonly #result: RaceResult<T, A>
  readonly #delay: number
  readonly #pending = new Map<A, T>()
  readonly #failures: { target: T; error: Error }[] = []
  #next = 0
  #timer: ClockTimer | undefined = undefined
  #over = false

  /** `open` begins one attempt, and tells its events later, never before it returns. */
  constructor(
    targets: readonly T[],
    open: (target: T, events: AttemptEvents<A>) => A,
    result: RaceResult<T, A>,
    delay: number = attemptDelay,
  ) {
    this.#targets = targets
    this.#open = open
    this.#result = result
    this.#delay = delay
  }

  start(): void {
    if (this.#targets.length === 0) this.#result.lost([])
    else this.#tryNext()
  }

  /** Ends the race without a result and destroys all attempts. */
  stop(): void {
    this.#over = true
    this.#timer?.cancel()
    this.#timer = undefined
    const pending = Array.from(this.#pending.keys())
    this.#pending.clear()
    for (const attempt of pending) attempt.destroy()
  }

  #tryNext(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const target = this.#targets[this.#next]
    if (target === undefined) return
    this.#next++
    this.#pending.set(this.#open(target, this.#events), target)
    if (this.#next < this.#targets.length) {
      this.#timer = clock().setTimer(this.#delay, () => this.#tryNext())
    }
  }

  readonly #events: AttemptEvents<A> = {
    connected: (attempt) => {
      const target = this.#pending.get(attempt)
      if (this.#over || target === undefined) return
      this.#pending.delete(attempt)
      this.stop()
      this.#result.won(attempt, target)
    },
    failed: (attempt, error) => {
      const target = this.#pending.get(attempt)
      if (this.#over || target === undefined) return
      this.#pending.delete(attempt)
      this.#failures.push({ target, error })
      if (this.#next < this.#targets.length) this.#tryNext()
      else if (this.#pending.size === 0) {
        this.#over = true
        this.#result.lost(this.#failures)
      }
    },
  }
}
