import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, it } from 'vitest'
import { PoolTask } from '../../../src/concurrency/pool/pool-task.ts'
import type { Turn } from '../../../src/concurrency/pool/turn.ts'
import { replaceWakeUpOrder } from '../../../src/concurrency/scope/wake-ups.ts'
import { currentScope, Scope } from '../../../src/concurrency/scope/scope.ts'
import type { TaskFunction } from '../../../src/concurrency/tasks/task.ts'
import { settle } from '../../../src/testing/settle.ts'

function poolTask(main: TaskFunction<unknown>) {
  const around = new Scope(undefined)
  const ended: string[] = []
  const left: Turn[] = []
  const owner = { taskEnded: (task: { state: string }) => void ended.push(task.state) }
  const keeper = { turnLeft: (turn: Turn) => void left.push(turn) }
  const task = new PoolTask(main, owner, around, 'a', 2, undefined, undefined)
  return { task, around, ended, left, keeper }
}

it('PoolTask is its own turn', () => {
  const { task } = poolTask(() => {})
  expect(task.task).toBe(task)
  expect([task.priority, task.aside, task.arrival, task.line]).toEqual([
    2,
    false,
    undefined,
    undefined,
  ])
})

it('PoolTask that is granted runs in the context in which it began to wait', async () => {
  const store = new AsyncLocalStorage<string>()
  const { task, around, keeper, ended } = poolTask(async () => {
    await settle()
    return [store.getStore(), currentScope().parent === around]
  })
  store.run('waiting', () => task.wait(5, keeper))
  expect([task.order, task.state]).toEqual([5, 'waiting'])
  store.run('granting', () => task.grant())
  expect(task.state).toBe('running')
  expect(await task).toEqual(['waiting', true])
  expect(ended).toEqual(['succeeded'])
})

it('PoolTask that is granted runs when the order of wake-ups says so', async () => {
  const wakes: (() => void)[] = []
  const restore = replaceWakeUpOrder({ add: (wake) => wakes.push(wake) })
  const { task, keeper } = poolTask(() => 'ran')
  try {
    task.wait(0, keeper)
    task.grant()
    expect([task.state, wakes.length]).toEqual(['waiting', 1])
  } finally {
    restore()
  }
  wakes[0]?.()
  expect(await task).toBe('ran')
})

it('PoolTask that is cancelled while it waits never runs', async () => {
  let ran = false
  const { task, around, keeper, ended, left } = poolTask(() => {
    ran = true
  })
  task.wait(0, keeper)
  around.cancel('enough')
  expect([task.state, ended, left]).toEqual(['cancelled', ['cancelled'], [task]])
  await expect(task).rejects.toThrow('enough')
  expect(ran).toBe(false)
  expect([...around.members()]).toEqual([])
})

it('PoolTask that is cancelled after it was granted still runs, up to its first wait', async () => {
  const { task, keeper, left } = poolTask(async () => {
    await settle()
    currentScope().throwIfCancelled()
  })
  task.wait(0, keeper)
  task.grant()
  task.cancel('late')
  expect(left).toEqual([])
  await expect(task).rejects.toThrow('late')
})

it('PoolTask tells the pool what it failed with, and that claims nothing', async () => {
  const { task, keeper } = poolTask(() => Promise.reject(new Error('broken')))
  task.wait(0, keeper)
  task.grant()
  await settle()
  expect(task.failure).toEqual(new Error('broken'))
  expect(task.observed).toBe(false)
})
