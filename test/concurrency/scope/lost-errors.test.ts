import { expect, test, vi } from 'vitest'
import { reportLost } from '../../../src/concurrency/scope/lost-errors.ts'
import type { ScopeGroup } from '../../../src/concurrency/scope/owners.ts'

function groupOf(
  name: string,
  open: boolean,
  outer?: ScopeGroup,
): ScopeGroup & { taken: unknown[] } {
  const taken: unknown[] = []
  const taskGroup = undefined as never
  return {
    name,
    open,
    outer,
    taken,
    taskGroup,
    take: (error, from) => void taken.push([error, from]),
  }
}

test('reportLost() gives the error to the nearest open group', () => {
  const outer = groupOf('outer', true)
  const inner = groupOf('inner', true, outer)
  const over = groupOf('over', false, inner)
  reportLost('lost', over, 'a callback')
  expect([over.taken, inner.taken, outer.taken]).toEqual([[], [['lost', 'a callback']], []])
})

test('reportLost() makes an uncaught exception of an error that no group takes', () => {
  const thrown: (() => void)[] = []
  vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
    thrown.push(callback)
  })
  reportLost(new Error('lost'), groupOf('over', false), 'a callback')
  reportLost(new Error('lost'), undefined, 'a callback')
  expect(thrown).toHaveLength(2)
  expect(thrown[0]).toThrow('lost')
})
