import { expect, test } from 'vitest'
import { RecordingGroup } from '../../support/recording-group.ts'
import { Uncaught } from '../../support/uncaught.ts'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { watchRejections } from '../../../src/concurrency/observe/lost-rejections.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'

const from = 'a promise that nobody awaited'

// Node.js looks for them once all microtasks have run.
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function rejectUnseen(reason: Error): void {
  void Promise.reject(reason)
}

test('a rejection that nobody awaits fails the group in whose scope it was made', async () => {
  const [program, request] = [new RecordingGroup('program'), new RecordingGroup('request')]
  const unwatch = watchRejections(program)
  const error = new Error('unseen')
  runInScope(request.scope, () => rejectUnseen(error))
  await turn()
  unwatch()
  expect([request.taken, program.taken]).toEqual([[[error, from]], []])
})

test('a rejection outside of every group fails the program that watches', async () => {
  const program = new RecordingGroup('program')
  const unwatchServer = watchRejections()
  const unwatch = watchRejections(program)
  const error = new Error('unseen')
  rejectUnseen(error)
  await turn()
  unwatch()
  unwatchServer()
  expect(program.taken).toEqual([[error, from]])
})

test('a rejection that there is nobody to tell of is an uncaught exception', async () => {
  using uncaught = new Uncaught()
  const unwatch = watchRejections()
  const error = new Error('unseen')
  rejectUnseen(error)
  await turn()
  unwatch()
  expect(uncaught.errors).toEqual([error])
})

test('a cancellation that nobody awaits is no failure', async () => {
  const program = new RecordingGroup('program')
  const unwatch = watchRejections(program)
  rejectUnseen(new CancelledError('explicit', 'enough'))
  await turn()
  unwatch()
  expect(program.taken).toEqual([])
})

test('rejections are watched for as long as somebody watches', () => {
  const before = process.listenerCount('unhandledRejection')
  const [first, second] = [watchRejections(), watchRejections()]
  expect(process.listenerCount('unhandledRejection')).toBe(before + 1)
  first()
  expect(process.listenerCount('unhandledRejection')).toBe(before + 1)
  second()
  expect(process.listenerCount('unhandledRejection')).toBe(before)
})
