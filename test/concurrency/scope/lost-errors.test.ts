import { expect, test, vi } from 'vitest'
import { RecordingGroup } from '../../support/recording-group.ts'
import { reportLost, withFurtherFailures } from '../../../src/concurrency/scope/lost-errors.ts'

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

test('withFurtherFailures() lets what else failed go along with the first failure, once', () => {
  const group = new RecordingGroup('around')
  const [first, second, third] = [new Error('first'), new Error('second'), new Error('third')]
  expect(withFurtherFailures(first, [], group, 'gather()')).toBe(first)
  expect(first).not.toHaveProperty('suppressed')
  withFurtherFailures(first, [second, first, second], group, 'gather()')
  expect(first).toMatchObject({ suppressed: [second] })
  withFurtherFailures(first, [third], group, 'gather()')
  expect(first).toMatchObject({ suppressed: [second, third] })
  expect(group.taken).toEqual([])
})

test('withFurtherFailures() reports as lost what can not go along', () => {
  const group = new RecordingGroup('around')
  const frozen = Object.freeze(new Error('frozen'))
  const suppressed = new Error('suppressed')
  const disposing = Object.assign(new Error('disposing'), { suppressed })
  for (const first of [undefined, frozen, disposing]) {
    const name = first === undefined ? 'nothing' : first.message
    expect(withFurtherFailures(first, [`after ${name}`], group, 'gather()')).toBe(first)
  }
  expect(group.taken).toEqual([
    ['after nothing', 'gather()'],
    ['after frozen', 'gather()'],
    ['after disposing', 'gather()'],
  ])
  expect(disposing.suppressed).toBe(suppressed)
})
