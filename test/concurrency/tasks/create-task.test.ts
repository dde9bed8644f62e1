import { expect, test } from 'vitest'
import {
  createTask,
  sleep,
  SpoolError,
  type Task,
  TaskGroup,
  taskGroup,
} from '../../../src/index.ts'

const forever = () => sleep(Infinity)

test('createTask() spawns into the nearest open group', async () => {
  await taskGroup(async (outer) => {
    await taskGroup((inner) => {
      createTask(forever, { name: 'mine' })
      expect([outer.size, inner.tasks[0]?.name]).toEqual([0, 'mine'])
      inner.cancel()
    })
  })
})

test('createTask() in code that outlived its group spawns into the group around', async () => {
  await taskGroup(async (outer) => {
    const { promise: gate, resolve: go } = Promise.withResolvers<void>()
    let floating: Promise<Task[]> | undefined
    await taskGroup(() => {
      floating = gate.then(() => [createTask(() => 'late')])
    })
    go()
    const [task] = (await floating) ?? []
    expect(outer.tasks).toEqual([task])
    expect(await task).toBe('late')
  })
})

test('createTask() outside of every group throws SPOOL_NO_SCOPE', () => {
  expect(() => createTask(forever)).toThrow(
    expect.toSatisfy((error) => SpoolError.hasCode(error, 'SPOOL_NO_SCOPE')),
  )
  expect(() => createTask(forever)).toThrow(
    'Cannot create a task: no open task group owns it; call createTask() inside taskGroup() or run()',
  )
})

test('createTask() in a task spawns beside it, and not below it', async () => {
  await taskGroup((group) => {
    group.spawn(() => createTask(() => sleep(0), { name: 'beside' }), { name: 'first' })
    group.spawn(async () => {
      await Promise.resolve()
      expect(group.tasks.map((task) => task.name)).toContain('beside')
    })
  })
})

test('createTask() in a group that takes no more tasks spawns into the group around', async () => {
  await taskGroup(async (outer) => {
    const inner = new TaskGroup()
    inner.spawn(async () => {
      await sleep(0)
      expect([inner.open, outer.open]).toEqual([false, true])
      createTask(() => 'further out', { name: 'further out' })
      expect(outer.tasks.map((task) => task.name)).toEqual(['further out'])
    })
    await inner.close()
  })
})
