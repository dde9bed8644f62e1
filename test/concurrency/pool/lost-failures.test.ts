import { expect, it } from 'vitest'
import { LostFailures } from '../../../src/concurrency/pool/lost-failures.ts'
import { PoolTask } from '../../../src/concurrency/pool/pool-task.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { TaskGroupError } from '../../../src/concurrency/tasks/task-group-error.ts'
import { settle } from '../../../src/testing/settle.ts'
import { Uncaught } from '../../support/uncaught.ts'

const owner = { taskEnded: (): void => {} }

// In an array: a task is a promise too, and would be awaited.
async function failed(name: string): Promise<[PoolTask]> {
  const task = new PoolTask(
    () => {
      throw new Error(name)
    },
    owner,
    new Scope(undefined),
    name,
    0,
    undefined,
    undefined,
  )
  await task.run()
  return [task]
}

it('LostFailures throws what nobody has looked at, once', async () => {
  const lost = new LostFailures('crawl')
  const [seen] = await failed('b')
  for (const task of [...(await failed('a')), seen, ...(await failed('c'))]) lost.add(task)
  expect(seen.exception()).toEqual(new Error('b'))
  expect(() => lost.throwAll()).toThrow(
    new TaskGroupError('crawl', [
      { name: 'a', error: new Error('a') },
      { name: 'c', error: new Error('c') },
    ]),
  )
  expect(() => lost.throwAll()).not.toThrow()
})

it('LostFailures keeps 1,000, and makes the oldest beyond an uncaught exception', async () => {
  using uncaught = new Uncaught()
  const lost = new LostFailures('crawl')
  const [seen] = await failed('seen')
  expect(seen.failed).toBe(true)
  await expect(seen).rejects.toThrow('seen')
  lost.add((await failed('first'))[0])
  lost.add(seen)
  const [many] = await failed('many')
  for (let i = 0; i < 998; i++) lost.add(many)
  await settle()
  expect(uncaught.errors).toEqual([])
  for (let i = 0; i < 2; i++) lost.add(many)
  await settle()
  expect(uncaught.errors).toEqual([new Error('first')])
})
