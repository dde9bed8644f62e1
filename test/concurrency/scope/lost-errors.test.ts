import { expect, test, vi } from 'vitest'
import { RecordingGroup } from '../../support/recording-group.ts'
import { reportLost } from '../../../src/concurrency/scope/lost-errors.ts'

test('reportLost() gives the error to the nearest open group', () => {
  const outer = new RecordingGroup('outer')
  const inner = new RecordingGroup('inner', { outer })
  const over = new RecordingGroup('over', { open: false, outer: inner })
  reportLost('lost', over, 'a callback')
  expect([over.taken, inner.taken, outer.taken]).toEqual([[], [['lost', 'a callback']], []])
})

test('reportLost() makes an uncaught exception of an error that no group takes', () => {
  const thrown: (() => void)[] = []
  vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
    thrown.push(callback)
  })
  reportLost(new Error('lost'), new RecordingGroup('over', { open: false }), 'a callback')
  reportLost(new Error('lost'), undefined, 'a callback')
  expect(thrown).toHaveLength(2)
  expect(thrown[0]).toThrow('lost')
})
