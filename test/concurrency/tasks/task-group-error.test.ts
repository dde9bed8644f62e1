import { expect, test } from 'vitest'
import { SpoolError, TaskGroupError } from '../../../src/index.ts'

test('TaskGroupError lists what failed, by name', () => {
  const [first, second] = [new Error('no route'), 'a string']
  const error = new TaskGroupError('crawl', [
    { name: 'page 1', error: first },
    { name: 'page 2', error: second },
  ])
  expect(error.message).toBe('Task group "crawl" failed: "page 1" (no route), "page 2" (a string)')
  expect([error.errors, error.cause, error.name, error.code]).toEqual([
    [first, second],
    first,
    'TaskGroupError',
    'SPOOL_TASK_GROUP',
  ])
})

test('TaskGroupError names a handful, and says how many more there are', () => {
  const failures = Array.from({ length: 7 }, (_, i) => ({ name: `t${i}`, error: new Error('x') }))
  const error = new TaskGroupError('g', failures)
  expect(error.message).toBe(
    'Task group "g" failed: "t0" (x), "t1" (x), "t2" (x), "t3" (x), "t4" (x) and 2 more',
  )
  expect(error.failures).toHaveLength(7)
})

test('TaskGroupError is an AggregateError, and one of the errors of Spool', () => {
  const error = new TaskGroupError('g', [])
  expect(error).toBeInstanceOf(AggregateError)
  expect([SpoolError.is(error), TaskGroupError.is(error)]).toEqual([true, true])
  expect(TaskGroupError.is(new AggregateError([]))).toBe(false)
})
