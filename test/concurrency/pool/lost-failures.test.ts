import { expect, it } from 'vitest'
import { LostFailures } from '../../../src/concurrency/pool/lost-failures.ts'
import { PoolTask } from '../../../src/concurrency/pool/pool-task.ts'
import { rootScope, Scope } from '../../../src/concurrency/scope/scope.ts'
import { TaskGroupError } from '../../../src/concurrency/tasks/task-group-error.ts'
import { RecordingGroup } from '../../support/recording-group.ts'
import { settle } from '../../../src/testing/settle.ts'

const owner = { taskEnded: (): void => {} }

// In an array: a task is a promise too, and would be awaited.
async function failed(name: string, around: Scope): Promise<[PoolTask]> {
  const task = new PoolTask(
    () => {
      throw new Error(name)
    },
    owner,
    around,
    name,
    0,
    undefined,
    undefined,
  )
  task.run()
  await settle()
  return [task]
}

it('LostFailures lists what nobody has looked at, once', async () => {
  const home = new Scope(rootScope)
  const lost = new LostFailures('crawl', home)
  const [seen] = await failed('b', home)
  for (const task of [...(await failed('a', home)), seen, ...(await failed('c', home))]) {
    lost.add(task, home)
  }
  expect(seen.exception()).toEqual(new Error('b'))
  expect(lost.take()).toEqual(
    new TaskGroupError('crawl', [
      { name: 'a', error: new Error('a') },
      { name: 'c', error: new Error('c') },
    ]),
  )
  expect(lost.take()).toBeUndefined()
  expect(home.empty).toBe(true)
})

it('LostFailures gives what nobody has looked at to the group around the pool when its scope ends, once', async () => {
  const { scope: home, taken } = new RecordingGroup('g', { scope: new Scope(rootScope) })
  const submitter = new RecordingGroup('other', { scope: new Scope(rootScope) })
  const lost = new LostFailures('crawl', home)
  const [seen] = await failed('b', home)
  lost.add((await failed('a', home))[0], submitter.scope)
  lost.add(seen, submitter.scope)
  await expect(seen).rejects.toThrow('b')
  void submitter.scope.close()
  expect(taken).toEqual([])
  void home.close()
  expect(taken).toEqual([[new Error('a'), 'task "a" of "crawl"']])
  expect(submitter.taken).toEqual([])
  expect(lost.take()).toBeUndefined()
})

it('LostFailures of a pool that was made outside of every scope are those of the scope that submitted', async () => {
  const { scope: around, taken } = new RecordingGroup('g', { scope: new Scope(rootScope) })
  const lost = new LostFailures('crawl', rootScope)
  lost.add((await failed('a', around))[0], around)
  void around.close()
  expect(taken).toEqual([[new Error('a'), 'task "a" of "crawl"']])
})

it('LostFailures keeps 1,000, and gives up the oldest beyond that nobody has looked at', async () => {
  const { scope: home, taken } = new RecordingGroup('g', { scope: new Scope(rootScope) })
  const lost = new LostFailures('crawl', home)
  const [seen] = await failed('seen', home)
  lost.add((await failed('first', home))[0], home)
  lost.add(seen, home)
  await expect(seen).rejects.toThrow('seen')
  for (let i = 0; i < 998; i++) lost.add((await failed('one of many', home))[0], home)
  expect(taken).toEqual([])
  for (let i = 0; i < 2; i++) lost.add((await failed('one of many', home))[0], home)
  expect(taken).toEqual([[new Error('first'), 'task "first" of "crawl"']])
  expect(lost.take()).toBeInstanceOf(TaskGroupError)
})
