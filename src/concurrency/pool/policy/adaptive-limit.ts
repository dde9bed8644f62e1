/** The limit of a pool that sizes itself: what the pool sees, told to the algorithm. */
import type { Names } from '../../../util/known-names.ts'
import { TimeoutError } from '../../errors.ts'
import { SpoolError } from '../../../util/error.ts'
import { checkDuration, checkFunction, checkOptions, show } from '../../scope/arguments.ts'
import { reportLost } from '../../scope/lost-errors.ts'
import type { Scope } from '../../scope/scope.ts'
import { checkCount } from '../../sync/count.ts'
import { clock } from '../../time/current-clock.ts'
import { GradientLimit } from './gradient-limit.ts'
import { LoopDelay } from './loop-delay.ts'

export interface AdaptiveOptions {
  /** How many tasks run at a time before anything is known. Default 10, within `min` and `max`. */
  initial?: number
  /**
   * Whether a failure tells of too much load, rather than of a task that was wrong. Default: timeouts
   * and resources that are busy.
   */
  isOverload?: (error: unknown) => boolean
  /** How late the event loop may be before that counts as overload, in milliseconds. Default 100. */
  maxLoopDelay?: number
}

/** The options of a pool that matter here. */
export interface AdaptivePoolOptions {
  limit: number | 'adaptive'
  min?: number
  max?: number
  adaptive?: AdaptiveOptions
}

/** What is kept with a task while it has a slot. */
export interface AdaptiveTask {
  slotSince: number
  slotPhase: number
  readonly scope: Scope
}

const names: Names<AdaptiveOptions> = { initial: true, isOverload: true, maxLoopDelay: true }

export class AdaptiveLimit {
  readonly #limit: GradientLimit
  readonly #isOverload: (error: unknown) => boolean
  readonly #loopDelay: LoopDelay
  readonly #onChange: (limit: number) => void
  #current: number

  /**
   * `onChange` is called with each new limit.
   *
   * @throws {RangeError} if a number is out of range.
   */
  constructor(
    min: number,
    max: number,
    options: AdaptiveOptions,
    onChange: (limit: number) => void,
  ) {
    checkCount('the min of a pool', min, 1)
    checkCount('the max of a pool', max, min, true)
    checkOptions('limit that is adaptive', options, '{ initial: 10 }', names)
    const { initial = 10, isOverload = isBusy, maxLoopDelay = 100 } = options
    checkCount('the initial limit of a pool', initial, 1)
    checkFunction('ask whether a failure is overload', isOverload)
    this.#limit = new GradientLimit({ min, max, initial: Math.min(Math.max(initial, min), max) })
    this.#isOverload = isOverload
    const most = checkDuration('maxLoopDelay', maxLoopDelay)
    this.#loopDelay = new LoopDelay(most, () => {
      this.#limit.overload()
      this.#tell()
    })
    this.#onChange = onChange
    this.#current = this.#limit.limit
  }

  get limit(): number {
    return this.#current
  }

  /** A task got a slot. */
  slotGiven(task: AdaptiveTask): void {
    task.slotSince = clock().now()
    task.slotPhase = this.#limit.phase
    this.#loopDelay.start()
  }

  /** A task that has a slot has ended well. `running`: how many have one, it included. */
  succeeded(task: AdaptiveTask, running: number): void {
    this.#limit.succeeded(task.slotPhase, clock().now() - task.slotSince, running)
    this.#tell()
  }

  /** A task, or one attempt of it, has failed. */
  failed(task: AdaptiveTask, error: unknown): void {
    try {
      if (!this.#isOverload(error)) return
    } catch (failure) {
      reportLost(failure, task.scope.group, 'isOverload()')
      return
    }
    this.#limit.failed(task.slotPhase)
    this.#tell()
  }

  /** Nothing runs any more. */
  rest(): void {
    this.#loopDelay.stop()
  }

  #tell(): void {
    const { limit } = this.#limit
    if (limit === this.#current) return
    this.#current = limit
    this.#onChange(limit)
  }
}

function isBusy(error: unknown): boolean {
  return TimeoutError.is(error) || SpoolError.hasCode(error, 'SPOOL_BUSY')
}

/** What the options of a pool ask for; undefined for a pool with a fixed limit. */
export function adaptiveLimit(
  options: AdaptivePoolOptions,
  onChange: (limit: number) => void,
): AdaptiveLimit | undefined {
  const { limit, min, max, adaptive } = options
  if (limit === 'adaptive') {
    const { min: least = 1, max: most = 1_000, adaptive: rest = {} } = options
    return new AdaptiveLimit(least, most, rest, onChange)
  }
  if (min === undefined && max === undefined && adaptive === undefined) return undefined
  throw new TypeError(
    `Cannot use min, max or adaptive with the limit ${show(limit)}: expected the limit "adaptive"`,
  )
}
