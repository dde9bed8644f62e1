import { checkDuration, checkIterable, checkOptional, show } from '../scope/arguments.ts'
import { currentScope } from '../scope/scope.ts'
import { Waiter } from '../scope/waiter.ts'
import type { ClockTimer } from '../time/clock.ts'
import { clock } from '../time/current-clock.ts'
import { Outcome } from './outcome.ts'

export interface WaitOptions {
  /**
   * When to return: when the first one is done, when the first one has failed (a cancellation is no
   * failure) or all are done, or when all are done. Default `all`.
   */
  until?: 'first' | 'first-error' | 'all'
  /** Returns after so many milliseconds at the latest. Default: waits as long as it takes. */
  timeout?: number
}

/** What `wait()` returns, in the order that was given. */
export interface WaitResult<O> {
  readonly done: O[]
  readonly pending: O[]
}

/**
 * Waits for tasks and futures, and tells which of them are done. It cancels nothing, throws nothing
 * that they threw, and a timeout is no error: what is not done is in `pending`.
 *
 * ```ts
 * await taskGroup(async (group) => {
 *   const tasks = [5_000, 1].map((delay) => group.spawn(() => sleep(delay)))
 *   const { done, pending } = await wait(tasks, { until: 'first' })
 *   console.log(done.length, pending.length) // → 1 1
 *   group.cancel()
 * })
 * ```
 *
 * Cancellation: only stops waiting.
 *
 * @throws {RangeError} if there is nothing to wait for, or `timeout` is negative or NaN.
 * @throws {BusyResourceError} if it can't end, because the task that this code runs in would have to end first.
 */
export async function wait<O extends Outcome<unknown>>(
  outcomes: Iterable<O>,
  options?: WaitOptions,
): Promise<WaitResult<O>> {
  checkOptional('wait', options, "{ until: 'first' }", { until: true, timeout: true })
  const { until = 'all' } = options ?? {}
  if (until !== 'first' && until !== 'first-error' && until !== 'all') {
    throw new TypeError(`Invalid until ${show(until)}: expected first, first-error or all`)
  }
  const { timeout = Infinity } = options ?? {}
  checkDuration('timeout', timeout)
  checkIterable('wait', outcomes, 'an iterable of tasks and futures')
  const all = [...new Set(outcomes)]
  if (all.length === 0) throw new RangeError('Cannot wait for nothing: expected one task at least')
  for (const outcome of all) {
    if (!(outcome instanceof Outcome)) {
      throw new TypeError(`Cannot wait for ${show(outcome)}: expected tasks and futures`)
    }
  }
  if (timeout === Infinity) refuseEndless(all, until)
  await enough(all, until, timeout)
  return {
    done: all.filter((outcome) => outcome.done),
    pending: all.filter((outcome) => !outcome.done),
  }
}

function refuseEndless(all: readonly Outcome<unknown>[], until: WaitOptions['until']): void {
  const scope = currentScope()
  scope.throwIfCancelled()
  const refusals = all.map((outcome) => (outcome.done ? undefined : outcome.refusal(scope)))
  const refusal = refusals.find((error) => error !== undefined)
  // One that can end is enough, unless all have to.
  if (refusal !== undefined && (until === 'all' || !refusals.includes(undefined))) throw refusal
}

async function enough(
  all: readonly Outcome<unknown>[],
  until: 'first' | 'first-error' | 'all',
  timeout: number,
): Promise<void> {
  let left = all.filter((outcome) => !outcome.done).length
  const isEnough = (outcome: Outcome<unknown>): boolean =>
    outcome.done && (left === 0 || until === 'first' || (until === 'first-error' && outcome.failed))
  const waiter = new Waiter<void>(undefined, undefined, `${left} tasks`)
  let timer: ClockTimer | undefined
  const onDone = (outcome: Outcome<unknown>): void => {
    left--
    if (isEnough(outcome)) waiter.resolve()
  }
  if (all.some(isEnough)) waiter.resolve()
  else {
    for (const outcome of all) if (!outcome.done) outcome.whenDone(onDone)
    if (timeout !== Infinity) timer = clock().setTimer(timeout, () => waiter.resolve())
  }
  try {
    await waiter.promise
  } finally {
    timer?.cancel()
    for (const outcome of all) outcome.removeDoneCallback(onDone)
  }
}
