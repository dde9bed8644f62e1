import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Queue, Semaphore, timeout } from 'spool'
import { MockClock, SeededOrder } from 'spool/testing'
import { rootScope } from '../../src/concurrency/scope/scope.ts'
import { Execution, programs, type Step } from './random-programs.ts'

// More on demand: SPOOL_PROGRAMS=100000 npx vitest run test/concurrency/random-programs
const runs = Number(process.env['SPOOL_PROGRAMS'] ?? 1500)

async function check(steps: Step[], seed: number): Promise<void> {
  // What other tests in this process have left under way.
  const before = new Set(rootScope.members())
  using _clock = MockClock.install({ autoJump: true })
  using _order = SeededOrder.install(seed)
  const lock = new Semaphore(1)
  const queue = new Queue<number>({ capacity: 2 })
  const execution = new Execution(lock, queue)

  // Programs may wait for what never comes: the deadline ends them, through every wait that they are in.
  let ended = 'in time'
  try {
    await timeout(1_000, () => execution.run(steps))
  } catch {
    ended = 'by the deadline'
  }

  expect(ended).toMatch(/in time|by the deadline/)
  expect({ outlived: execution.outlived }).toEqual({ outlived: 0 })
  expect({ left: execution.left }).toEqual({ left: execution.entered })
  expect({ reported: execution.reported }).toEqual({ reported: execution.thrown })
  expect(lock.statistics()).toMatchObject({ free: 1, waiting: 0 })
  // A put that was accepted, and whose task was woken with a cancellation behind it, counts when it runs.
  expect(queue.statistics()).toMatchObject({
    size: execution.put - execution.got,
    getting: 0,
    putting: 0,
  })
  expect([...rootScope.members()].filter((member) => !before.has(member))).toEqual([])
}

it(
  'random programs leave no task, no permit, no item and no error behind, in any order of wake-ups',
  { timeout: 60_000 },
  async () => {
    await fc.assert(fc.asyncProperty(programs, fc.integer({ min: 0, max: 1e6 }), check), {
      numRuns: runs,
    })
  },
)
