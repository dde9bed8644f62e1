import { expect, expectTypeOf, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { MockClock, settle } from '../../../src/testing/index.ts'
import {
  captureSpawnSites,
  currentTask,
  Pool,
  shield,
  sleep,
  Task,
  taskGroup,
  timeout,
  TimeoutError,
} from '../../../src/index.ts'

const forever = () => sleep(Infinity)

test('a task gives its value to whoever awaits it', async () => {
  await taskGroup(async (group) => {
    const task = group.spawn(async () => {
      await sleep(0)
      return 42
    })
    expectTypeOf(task).toEqualTypeOf<Task<number>>()
    expect(task.state).toBe('running')
    expect(await task).toBe(42)
    expect([task.state, task.done, task.result()]).toEqual(['succeeded', true, 42])
  })
})

test('a task that failed and whose handle is ignored ends nothing but its group', async () => {
  const error = await rejectionOf(
    taskGroup((group) => {
      group.spawn(() => Promise.reject(new Error('broken')))
    }),
  )
  await settle()
  expect(error).toMatchObject({ errors: [{ message: 'broken' }] })
})

test('a task has an id, a name that can be changed, and a time at which it was started', async () => {
  using clock = MockClock.install({ start: 70 })
  await taskGroup((group) => {
    const [first, second] = [group.spawn(() => 1), group.spawn(() => 2, { name: 'mine' })]
    expect(second.id).toBe(first.id + 1)
    expect([first.name, second.name]).toEqual([`task-${first.id}`, 'mine'])
    first.name = 'renamed'
    expect([first.name, first.startedAt]).toEqual(['renamed', clock.now()])
    expect(() => {
      first.name = ''
    }).toThrow('Invalid name "" of a task: expected a string that is not empty')
  })
})

test('task.cancel() stops the task, and its siblings go on', async () => {
  await taskGroup(async (group) => {
    const stopped = group.spawn(forever)
    const other = group.spawn(() => sleep(0))
    expect(stopped.cancel('enough')).toBe(true)
    expect(await rejectionOf(stopped)).toMatchObject({ source: 'explicit', reason: 'enough' })
    await other
    expect([stopped.state, other.state]).toEqual(['cancelled', 'succeeded'])
    expect(stopped.cancel()).toBe(false)
  })
})

test('a task that is cancelled before its first step still runs its finally', async () => {
  const order: string[] = []
  await taskGroup((group) => {
    const task = group.spawn(async () => {
      try {
        order.push('began')
        await forever()
      } finally {
        order.push('finally')
      }
    })
    task.cancel()
  })
  expect(order).toEqual(['began', 'finally'])
})

test('a task that returns in spite of its cancellation has succeeded', async () => {
  await taskGroup(async (group) => {
    const task = group.spawn(async () => {
      await sleep(0).catch(() => undefined)
      return 'value'
    })
    task.cancel()
    expect(await task).toBe('value')
  })
})

test('a task that throws something else under its cancellation has failed', async () => {
  const error = await rejectionOf(
    taskGroup((group) => {
      const task = group.spawn(async () => {
        try {
          await forever()
        } catch {
          throw new Error('clean-up')
        }
      })
      task.cancel()
    }),
  )
  expect(error).toMatchObject({ errors: [{ message: 'clean-up' }] })
})

test('an AbortError in a task that is not cancelled is a failure', async () => {
  const error = await rejectionOf(
    taskGroup((group) => {
      group.spawn(() => Promise.reject(new DOMException('own', 'AbortError')))
    }),
  )
  expect(error).toMatchObject({ errors: [{ message: 'own' }] })
})

test('an AbortError in a task that is cancelled is its cancellation', async () => {
  await taskGroup(async (group) => {
    const task = group.spawn(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new DOMException('stop', 'AbortError')))
        }),
    )
    await settle()
    task.cancel('enough')
    expect(await rejectionOf(task)).toMatchObject({ code: 'SPOOL_CANCELLED', reason: 'enough' })
  })
})

test('a task that awaits a cancelled one, and is not cancelled itself, has failed', async () => {
  const error = await rejectionOf(
    taskGroup((group) => {
      const stopped = group.spawn(forever)
      group.spawn(() => stopped, { name: 'awaiting' })
      stopped.cancel()
    }),
  )
  expect(error).toMatchObject({
    failures: [{ name: 'awaiting', error: { code: 'SPOOL_CANCELLED' } }],
  })
})

test('awaiting a task in a cancelled scope throws there, and leaves a task of others alone', async () => {
  await taskGroup(async (group) => {
    const task = group.spawn(async () => {
      await sleep(0)
      return 'done'
    })
    expect(await rejectionOf(timeout(0, () => task))).toBeInstanceOf(TimeoutError)
    expect(await task).toBe('done')
  })
})

test('awaiting a task where it was started ends with that scope, and not with the task', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  await taskGroup(async (group) => {
    const task = group.spawn(() => promise)
    const waits = [rejectionOf(task), rejectionOf(task), rejectionOf(timeout(60_000, () => task))]
    await settle()
    group.cancel('enough')
    const reason = { source: 'explicit', reason: 'enough' }
    expect(await Promise.all(waits)).toMatchObject([reason, reason, reason])
    expect([task.done, task.observed]).toEqual([false, false])
    resolve('in spite of it')
  })
})

test('awaiting a task that was cancelled alone goes on, and ends with the scope around', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  await taskGroup(async (group) => {
    const deaf = group.spawn(() => promise)
    let over = false
    const waiting = deaf.then((value) => {
      over = true
      return value
    })
    await settle()
    deaf.cancel('that one')
    await settle()
    expect(over).toBe(false)
    resolve('in spite of it')
    expect(await waiting).toBe('in spite of it')
  })
  const never = Promise.withResolvers<void>()
  await taskGroup(async (group) => {
    const deaf = group.spawn(() => never.promise)
    const waiting = rejectionOf(deaf)
    await settle()
    deaf.cancel('alone')
    await settle()
    group.cancel('all')
    expect(await waiting).toMatchObject({ reason: 'all' })
    expect(deaf.done).toBe(false)
    never.resolve()
  })
})

test('awaiting a task where it was started outlives the region in which that was', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  await taskGroup(async (group) => {
    const pool = new Pool({ limit: 1 })
    const [waiting, task] = await timeout(60_000, async () => {
      const task = pool.submit(() => promise)
      const waiting = rejectionOf(task)
      await settle()
      return [waiting, task]
    })
    group.cancel('late')
    expect(await waiting).toMatchObject({ reason: 'late' })
    expect(task.state).toBe('running')
    resolve('done')
    await pool.close()
  })
})

test('a task cancels what it left behind, and is over when that is', async () => {
  const order: string[] = []
  await taskGroup(async (group) => {
    const task = group.spawn(() => {
      void taskGroup((inner) => {
        inner.spawn(async () => {
          try {
            await forever()
          } finally {
            await shield(() => sleep(0))
            order.push('left behind is over')
          }
        })
      }).catch(() => undefined)
      return 'value'
    })
    expect(await task).toBe('value')
    order.push('task is over')
  })
  expect(order).toEqual(['left behind is over', 'task is over'])
})

test('a task gets its scope', async () => {
  await taskGroup(async (group) => {
    const task = group.spawn(async ({ signal, cancel }) => {
      cancel('itself')
      return signal.aborted
    })
    expect(await task).toBe(true)
  })
})

test('currentTask() is the task that the code runs in', async () => {
  expect(currentTask()).toBeUndefined()
  await taskGroup(async (group) => {
    const seen: unknown[] = []
    const task = group.spawn(async () => {
      seen.push(currentTask())
      await sleep(0)
      await timeout(5_000, () => seen.push(currentTask()))
    })
    await task
    expect(seen).toEqual([task, task])
  })
})

test('a task knows where it was spawned, if that is captured', async () => {
  await taskGroup((group) => {
    expect(group.spawn(() => 1).site).toBeUndefined()
    using _ = captureSpawnSites()
    expect(group.spawn(() => 1).site).toMatch(/task\.test\.ts:\d+:\d+/)
  })
})

test('a task whose function throws before it waits for anything fails a step later', async () => {
  const owner = { taskEnded: () => undefined }
  const error = new Error('broken')
  const task = Task.create(
    () => {
      throw error
    },
    owner,
    new Scope(undefined),
  )
  task.run()
  expect(task.state).toBe('running')
  expect(await rejectionOf(task)).toBe(error)
})

test('a task that waits for its turn can be given up before it ran', async () => {
  const ended: Task[] = []
  const around = new Scope(undefined)
  const owner = { taskEnded: (task: Task) => void ended.push(task) }
  const task = Task.create(() => 'never', owner, around, { name: 'queued' })
  expect([task.state, task.done]).toEqual(['waiting', false])
  task.discard()
  expect([task.state, ended, around.empty]).toEqual(['cancelled', [task], true])
  expect(await rejectionOf(task)).toMatchObject({ source: 'ended' })
})

test('a task that has waited for its turn may run at once', async () => {
  const owner = { taskEnded: () => undefined }
  const task = Task.create(() => 'ran', owner, new Scope(undefined), { name: 'queued' })
  task.run()
  expect([task.state, task.describe()]).toEqual(['running', 'task "queued"'])
  expect(await task).toBe('ran')
})

test('a task that awaits itself, or a task that it is part of, gets an error at once', async () => {
  await taskGroup(async (group) => {
    const outer: Task<void> = group.spawn(
      async () => {
        await expect(outer).rejects.toMatchObject({
          code: 'SPOOL_BUSY',
          message: 'Cannot await task "outer" inside itself: it would wait for itself',
        })
        await taskGroup((inner) => {
          inner.spawn(() => expect(outer).rejects.toThrow('inside its task "inner"'), {
            name: 'inner',
          })
        })
      },
      { name: 'outer' },
    )
    await outer
    expect(outer.state).toBe('succeeded')
    const returned: Task = group.spawn(async () => {
      await expect(Promise.resolve(returned)).rejects.toMatchObject({ code: 'SPOOL_BUSY' })
    })
  })
})

test('a task that returns itself fails', async () => {
  const error = await rejectionOf(
    taskGroup((group) => {
      const task: Task = group.spawn(() => task, { name: 'loop' })
    }),
  )
  expect(error).toMatchObject({
    errors: [{ message: 'Cannot await task "loop" inside itself: it would wait for itself' }],
  })
})

test('a task that awaits itself in a cancelled scope gets the cancellation', async () => {
  await taskGroup((group) => {
    const task: Task<void> = group.spawn(async () => {
      group.cancel()
      await expect(task).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
    })
  })
})
