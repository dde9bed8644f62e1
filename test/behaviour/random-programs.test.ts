/** What holds for every program: random ones, whose wake-ups come in a random order. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allTasks } from 'spool'
import { checkNoLeaks, MockClock, SeededOrder } from 'spool/testing'
import { type Failure, programs, runProgram, type World } from '../support/random-program.ts'

// A few seconds; the long run on demand takes more.
const runs = Number(process.env['RANDOM_PROGRAMS'] ?? 2_000)

function lost({ made, reached, droppable }: World): Failure[] {
  return [...made].filter((failure) => !reached.has(failure) && !droppable.has(failure))
}

test('no task outlives its group, every wait ends, nothing is lost, and every failure reaches somebody', async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.integer(), async (program, seed) => {
      using clock = MockClock.install({ autoJump: true })
      using order = SeededOrder.install(seed)
      expect(order.seed).toBe(seed)
      const before = allTasks().length
      const world = await runProgram(program)
      expect(allTasks()).toHaveLength(before)
      expect([world.outlived, world.deaf, world.broken]).toEqual([0, 0, 0])
      expect(world.ended).toBe(world.began)
      expect([world.lock.locked, world.semaphore.statistics()]).toEqual([
        false,
        { free: 2, waiting: 0 },
      ])
      expect([world.condition.lock.locked, world.waiting]).toEqual([false, 0])
      expect(world.queue.size).toBe(world.put - world.got)
      expect(lost(world)).toEqual([])
      expect([...world.reached.values()].filter((times) => times > 1)).toEqual([])
      expect(clock.pending).toBe(0)
    }),
    { numRuns: runs },
  )
}, 120_000)

test('a program leaves nothing behind', async () => {
  await checkNoLeaks(async () => {
    for (const program of fc.sample(programs, 20)) {
      using _ = MockClock.install({ autoJump: true })
      await runProgram(program)
    }
  })
  expect.assertions(0)
})
