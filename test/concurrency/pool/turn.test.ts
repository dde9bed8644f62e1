import { expect, it } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { PoolTask } from '../../../src/concurrency/pool/pool-task.ts'
import { Arrival, NextTurn, type Turn } from '../../../src/concurrency/pool/turn.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { WaitLine } from '../../../src/concurrency/scope/wait-line.ts'

function turn() {
  const left: Turn[] = []
  const keeper = {
    turnLeft: (gone: Turn): void => {
      gone.line?.remove(gone)
      left.push(gone)
    },
  }
  const owner = { taskEnded: (): void => {} }
  const task = new PoolTask(() => {}, owner, new Scope(undefined), 'a', 3, undefined, undefined)
  return { next: new NextTurn(task, 7, keeper, 'a slot'), task, left }
}

it('NextTurn stands where its task stands, and is granted', async () => {
  const { next, task } = turn()
  expect([next.priority, next.order, next.slots, next.task]).toEqual([3, 7, undefined, task])
  expect(next.what).toBe('a slot')
  next.grant()
  await expect(next.promise).resolves.toBeUndefined()
})

it('NextTurn leaves when its task is cancelled', async () => {
  const { next, task, left } = turn()
  const line = new WaitLine<Turn>()
  line.add(next)
  task.cancel()
  await expect(next.promise).rejects.toThrow(CancelledError)
  expect(left).toEqual([next])
  expect(line.size).toBe(0)
})

it('NextTurn that was granted is not given up by a cancellation', async () => {
  const { next, task, left } = turn()
  next.grant()
  task.cancel()
  await expect(next.promise).resolves.toBeUndefined()
  expect(left).toEqual([])
})

it('Arrival is a place in a line of its own', () => {
  const { next } = turn()
  const arrivals = new WaitLine<Arrival>()
  const arrival = new Arrival(next)
  arrivals.add(arrival)
  expect(arrivals.first?.turn).toBe(next)
  expect(next.line).toBeUndefined()
})
