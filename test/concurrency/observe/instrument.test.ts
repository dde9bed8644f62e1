import { expect, test, vi } from 'vitest'
import { addInstrument, type Task, taskGroup } from '../../../src/index.ts'
import { watching } from '../../../src/concurrency/observe/instrument.ts'

test('an instrument sees tasks come, start and go', async () => {
  const seen: string[] = []
  const note = (what: string) => (task: Task) =>
    void seen.push(`${task.name} ${what} ${task.state}`)
  {
    using _ = addInstrument({
      taskSpawned: note('spawned'),
      taskStarted: note('started'),
      taskEnded: note('ended'),
    })
    using others = addInstrument({})
    expect(others).toBeDefined()
    await taskGroup((group) => {
      group.spawn(() => seen.push('a runs'), { name: 'a' })
      group.spawn(() => undefined, { name: 'b' }).cancel()
    })
  }
  expect(seen).toEqual([
    'a spawned waiting',
    'b spawned waiting',
    'a started running',
    'a runs',
    'b started running',
    'a ended succeeded',
    'b ended succeeded',
  ])
  await taskGroup((group) => void group.spawn(() => undefined))
  expect(seen).toHaveLength(7)
  expect(watching).toBeUndefined()
})

test('an instrument that throws is taken out, and its error is an uncaught exception', async () => {
  const thrown: (() => void)[] = []
  const spy = vi
    .spyOn(globalThis, 'queueMicrotask')
    .mockImplementation((callback) => void thrown.push(callback))
  const broken = vi.fn(() => {
    throw new Error('broken')
  })
  using instrument = addInstrument({ taskSpawned: broken })
  const value = await taskGroup(async (group) => {
    await group.spawn(() => 1)
    return group.spawn(() => 2)
  })
  spy.mockRestore()
  expect([value, broken.mock.calls.length, watching]).toEqual([2, 1, undefined])
  expect(thrown[0]).toThrow('broken')
  expect(instrument).toBeDefined()
})
