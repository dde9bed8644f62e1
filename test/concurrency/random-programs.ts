/**
 * Random programs of tasks that spawn, wait, lock, queue, time out, fail, swallow and shield, and the
 * books that are kept while one runs: what must hold whatever it does.
 */
import fc from 'fast-check'
import {
  checkpoint,
  type Queue,
  type Semaphore,
  shield,
  sleep,
  type TaskGroup,
  taskGroup,
  timeout,
} from 'spool'

export type Step =
  | { do: 'sleep'; delay: number }
  | { do: 'checkpoint' }
  | { do: 'lock'; steps: Step[] }
  | { do: 'put' }
  | { do: 'get' }
  | { do: 'fail' }
  | { do: 'cancel' }
  | { do: 'spawn'; steps: Step[] }
  | { do: 'group'; steps: Step[] }
  | { do: 'timeout'; delay: number; steps: Step[] }
  | { do: 'shield'; steps: Step[] }
  | { do: 'swallow'; steps: Step[] }

const delay = fc.integer({ min: 0, max: 5 })

/** Programs up to a depth of five, and of a few dozen steps. */
export const programs: fc.Arbitrary<Step[]> = fc.letrec<{ steps: Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie('step'), { maxLength: 5 }),
  step: fc.oneof(
    { maxDepth: 5, depthSize: 'small', withCrossShrink: true },
    fc.record({ do: fc.constant('sleep' as const), delay }),
    fc.constant<Step>({ do: 'checkpoint' }),
    fc.constant<Step>({ do: 'put' }),
    fc.constant<Step>({ do: 'get' }),
    fc.constant<Step>({ do: 'fail' }),
    fc.constant<Step>({ do: 'cancel' }),
    fc.record({ do: fc.constant('spawn' as const), steps: tie('steps') }),
    fc.record({ do: fc.constant('group' as const), steps: tie('steps') }),
    fc.record({ do: fc.constant('lock' as const), steps: tie('steps') }),
    fc.record({ do: fc.constant('timeout' as const), delay, steps: tie('steps') }),
    fc.record({ do: fc.constant('shield' as const), steps: tie('steps') }),
    fc.record({ do: fc.constant('swallow' as const), steps: tie('steps') }),
  ),
})).steps

class Failure extends Error {}

/** Runs one program and keeps its books. */
export class Execution {
  readonly #lock: Semaphore
  readonly #queue: Queue<number>
  /** Failures thrown, and those that came to somebody. */
  thrown = 0
  reported = 0
  /** Bodies that were entered, and whose `finally` ran. */
  entered = 0
  left = 0
  put = 0
  got = 0
  /** Tasks that ran on when their group had ended. */
  outlived = 0

  constructor(lock: Semaphore, queue: Queue<number>) {
    this.#lock = lock
    this.#queue = queue
  }

  async run(steps: Step[]): Promise<void> {
    try {
      await this.#group(steps)
    } catch (error) {
      this.reported += failuresIn(error)
    }
  }

  async #group(steps: Step[]): Promise<void> {
    let live = 0
    const spawn = (group: TaskGroup, own: Step[]): void => {
      live++
      group.spawn(async () => {
        try {
          await this.#steps(own, group, spawn)
        } finally {
          live--
        }
      })
    }
    try {
      await taskGroup((group) => this.#steps(steps, group, spawn))
    } finally {
      this.outlived += live
    }
  }

  async #steps(
    steps: Step[],
    group: TaskGroup,
    spawn: (group: TaskGroup, own: Step[]) => void,
  ): Promise<void> {
    this.entered++
    try {
      for (const step of steps) await this.#step(step, group, spawn)
    } finally {
      this.left++
    }
  }

  async #step(
    step: Step,
    group: TaskGroup,
    spawn: (group: TaskGroup, own: Step[]) => void,
  ): Promise<void> {
    switch (step.do) {
      case 'sleep':
        return sleep(step.delay)
      case 'checkpoint':
        return checkpoint()
      case 'lock': {
        using _permit = await this.#lock.acquire()
        return await this.#steps(step.steps, group, spawn)
      }
      case 'put':
        await this.#queue.put(1)
        this.put++
        return
      case 'get':
        await this.#queue.get()
        this.got++
        return
      case 'fail':
        this.thrown++
        throw new Failure('on purpose')
      case 'cancel':
        group.cancel('on purpose')
        return
      case 'spawn':
        if (group.open) spawn(group, step.steps)
        return
      case 'group':
        return this.#group(step.steps)
      case 'timeout':
        return timeout(step.delay, () => this.#steps(step.steps, group, spawn))
      case 'shield':
        return shield(() => this.#steps(step.steps, group, spawn), { timeout: 20 })
      case 'swallow':
        try {
          await this.#steps(step.steps, group, spawn)
        } catch (error) {
          this.reported += failuresIn(error)
        }
        return
      default:
        step satisfies never
    }
  }
}

function failuresIn(error: unknown): number {
  if (error instanceof Failure) return 1
  if (!(error instanceof AggregateError)) return 0
  return error.errors.reduce<number>((count, one) => count + failuresIn(one), 0)
}
