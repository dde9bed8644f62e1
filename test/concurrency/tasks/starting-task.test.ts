import { expect, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { StartingTask } from '../../../src/concurrency/tasks/starting-task.ts'
import { Task } from '../../../src/concurrency/tasks/task.ts'
import { sleep } from '../../../src/index.ts'

const forever = () => sleep(Infinity)

/** A starting task below a scope of its own, watched from another one. */
function start(main: (ready: (value: string) => void) => unknown) {
  const ended: string[] = []
  const owner = {
    taskEnded: () => void ended.push('ended'),
    taskLeft: () => void ended.push('left'),
  }
  const starting = new StartingTask<string>(owner)
  const around = new Scope(undefined)
  const task = Task.create(() => main(starting.ready), starting, around, { name: 't' })
  return { starting, task, ended }
}

test('a task that is ready belongs to its owner', async () => {
  const { starting, task, ended } = start((ready) => ready('value'))
  const watcher = new Scope(undefined)
  runInScope(watcher, () => starting.watch(task))
  task.start()
  expect(await starting.promise).toBe('value')
  await task
  expect(() => starting.ready('again')).toThrow('Cannot say ready: it was said already')
  expect([ended, watcher.empty]).toEqual([['ended'], true])
})

test('a task that ends before it is ready belongs to nobody, and its starter learns why', async () => {
  const failing = start(() => Promise.reject(new Error('broken')))
  failing.starting.watch(failing.task)
  failing.task.start()
  expect(await rejectionOf(failing.starting.promise)).toMatchObject({ message: 'broken' })
  const silent = start(() => undefined)
  silent.starting.watch(silent.task)
  silent.task.start()
  expect(await rejectionOf(silent.starting.promise)).toMatchObject({ code: 'SPOOL_INVALID_STATE' })
  expect([failing.ended, silent.ended]).toEqual([['left'], ['left']])
})

test('a starter that is cancelled cancels the task, before and while it waits', async () => {
  const watcher = new Scope(undefined)
  const waiting = start(forever)
  runInScope(watcher, () => waiting.starting.watch(waiting.task))
  waiting.task.start()
  watcher.cancel()
  const late = start(forever)
  runInScope(watcher, () => late.starting.watch(late.task))
  late.task.start()
  expect(await rejectionOf(waiting.starting.promise)).toBe(watcher.error)
  expect(await rejectionOf(late.starting.promise)).toBe(watcher.error)
})
