/** Random lives of a pool: what must hold whatever is done to it. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Pool } from '../../../src/concurrency/pool/pool.ts'
import type { PoolOptions } from '../../../src/concurrency/pool/pool-options.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { shield } from '../../../src/concurrency/tasks/shield.ts'
import type { Task } from '../../../src/concurrency/tasks/task.ts'
import { sleep } from '../../../src/concurrency/time/sleep.ts'
import { MockClock } from '../../../src/testing/mock-clock.ts'
import { SeededOrder } from '../../../src/testing/seeded-order.ts'
import { settle } from '../../../src/testing/settle.ts'

const small = fc.integer({ min: 0, max: 6 })
const number = fc.integer({ min: 1, max: 3 })

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      kind: fc.constantFrom('return', 'sleep', 'fail', 'clean up', 'ignore'),
      delay: small,
      priority: fc.integer({ min: -1, max: 1 }),
      key: fc.option(number, { nil: undefined }),
      scope: number,
      detached: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), delay: small }) },
  fc.record({ do: fc.constant('cancel task' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('cancel scope' as const), scope: number }),
  fc.record({ do: fc.constant('resize' as const), limit: number }),
  fc.constant({ do: 'pause' as const }),
  fc.constant({ do: 'resume' as const }),
  fc.constant({ do: 'ready' as const }),
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const settings = fc.record<PoolOptions>(
  {
    limit: number,
    maxQueue: number,
    whenFull: fc.constantFrom('wait', 'reject', 'drop-oldest'),
    keyLimit: number,
    rate: fc.record({ limit: number, interval: fc.constant(5) }),
    timeout: number,
    retry: fc.record({ attempts: number, delay: fc.constant(2), jitter: fc.constant(0) }),
  },
  { requiredKeys: ['limit'] },
)

/** A pool, and the books that are kept of it. */
class Life {
  readonly pool: Pool
  readonly tasks: Task[] = []
  readonly #clock: MockClock
  readonly #keyLimit: number
  readonly #scopes = new Map<number, Scope>()
  /** Functions that have been entered and not left. */
  readonly #inside = new Map<unknown, number>()
  #running = 0
  #mostSlots: number
  ready = 0
  readySettled = 0
  refusedByFull = true

  constructor(options: PoolOptions, clock: MockClock) {
    this.pool = new Pool(options)
    this.#clock = clock
    this.#keyLimit = typeof options.keyLimit === 'number' ? options.keyLimit : Infinity
    this.#mostSlots = options.limit as number
  }

  async take(next: Step): Promise<void> {
    if (next.do === 'submit') this.#submit(next)
    else if (next.do === 'advance') await this.#clock.advance(next.delay)
    else if (next.do === 'cancel task') this.tasks[next.which % (this.tasks.length + 1)]?.cancel()
    else if (next.do === 'cancel scope') this.#cancelScope(next.scope)
    else if (next.do === 'resize') {
      this.#mostSlots = Math.max(this.#mostSlots, next.limit)
      this.pool.resize(next.limit)
    } else if (next.do === 'pause') this.pool.pause()
    else if (next.do === 'resume') this.pool.resume()
    else {
      this.ready++
      void this.pool.ready().then(
        () => this.readySettled++,
        () => this.readySettled++,
      )
    }
  }

  /** What does not hold now; `quiet`: all that could run has run. */
  faults(quiet: boolean): string[] {
    const { running, waiting, backingOff, succeeded, failed, cancelled } = this.pool.statistics()
    const ended = this.tasks.filter((task) => task.done).length
    const left = this.tasks.length - ended
    const rules: readonly (readonly [string, boolean])[] = [
      ['no more run than ever was the limit', running <= this.#mostSlots],
      ['who runs has a slot', this.#running <= running],
      ['no more of a key run than its limit', this.#mostOfKey() <= this.#keyLimit],
      ['each end is counted once', succeeded + failed + cancelled === ended],
      ['who has not ended is counted once', !quiet || running + waiting + backingOff === left],
      ['who is refused is refused by a full queue', this.refusedByFull],
    ]
    return rules.filter(([, holds]) => !holds).map(([rule]) => rule)
  }

  #mostOfKey(): number {
    return Math.max(0, ...this.#inside.values())
  }

  #submit({ kind, delay, priority, key, scope, detached }: Step & { do: 'submit' }): void {
    const main = async (): Promise<void> => {
      this.#running++
      if (key !== undefined) this.#inside.set(key, (this.#inside.get(key) ?? 0) + 1)
      try {
        await behave(kind, delay)
      } finally {
        this.#running--
        if (key !== undefined) this.#inside.set(key, (this.#inside.get(key) ?? 0) - 1)
      }
    }
    try {
      const task = runInScope(this.#scope(scope), () =>
        this.pool.submit(main, { priority, key, detached }),
      )
      this.tasks.push(task)
      task.addDoneCallback(() => {})
    } catch {
      this.refusedByFull &&= this.pool.full
    }
  }

  #scope(which: number): Scope {
    let scope = this.#scopes.get(which)
    if (scope === undefined) {
      scope = new Scope(undefined)
      this.#scopes.set(which, scope)
    }
    return scope
  }

  #cancelScope(which: number): void {
    this.#scope(which).cancel()
    this.#scopes.delete(which)
  }
}

async function behave(kind: string, delay: number): Promise<void> {
  if (kind === 'sleep') await sleep(delay)
  else if (kind === 'fail') {
    await sleep(delay)
    throw new Error('failed')
  } else if (kind === 'clean up') {
    try {
      await sleep(delay)
    } finally {
      await shield(() => sleep(1))
    }
  } else if (kind === 'ignore') await sleep(delay).catch(() => {})
}

it('Pool keeps its limits, its books and its promises, whatever is done to it', async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(step, { maxLength: 30 }),
      fc.integer({ min: 0 }),
      fc.constantFrom('close', 'cancel', 'join'),
      async (options, steps, seed, ending) => {
        using clock = MockClock.install()
        using _order = SeededOrder.install(seed)
        const life = new Life(options, clock)
        for (const next of steps) {
          await life.take(next)
          expect(life.faults(false)).toEqual([])
        }
        await settle()
        expect(life.faults(true)).toEqual([])
        life.pool.resume()
        if (ending === 'cancel') life.pool.cancel()
        const over = ending === 'close' ? life.pool.close() : life.pool.join()
        await clock.advance(1_000)
        await over
        expect(life.faults(true)).toEqual([])
        expect(life.tasks.every((task) => task.done)).toBe(true)
        expect(life.pool.statistics()).toMatchObject({ running: 0, waiting: 0, backingOff: 0 })
        expect(life.readySettled).toBe(life.ready)
        expect(clock.pending).toBe(0)
      },
    ),
    { numRuns: 150 },
  )
})
