import { describe, expect, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { callInScope } from '../../../src/concurrency/scope/context.ts'
import { MockClock, settle } from '../../../src/testing/index.ts'
import {
  CancelledError,
  ClosedResourceError,
  createTask,
  Future,
  gather,
  shield,
  sleep,
  type Task,
  TaskGroup,
  TaskGroupError,
  taskGroup,
  timeout,
  TimeoutError,
} from '../../../src/index.ts'

const refused = (action: string, where: string) => ({
  code: 'SPOOL_BUSY',
  message: `Cannot ${action} the task group "crawl" ${where}: it would wait for itself`,
})
const forever = () => sleep(Infinity)
const fail = async (message: string): Promise<never> => {
  await Promise.resolve()
  throw new Error(message)
}

describe('taskGroup()', () => {
  test('taskGroup() returns what its body returns, after all tasks are over', async () => {
    using clock = MockClock.install({ autoJump: true })
    const order: string[] = []
    const value = await taskGroup((group) => {
      group.spawn(async () => {
        await sleep(10)
        order.push('slow')
      })
      group.spawn(async () => {
        await sleep(5)
        order.push('fast')
      })
      order.push('body')
      return 42
    })
    expect([value, order, clock.now()]).toEqual([42, ['body', 'fast', 'slow'], 10])
  })

  test('taskGroup() cancels siblings when a child fails, waits for them, and lists the failure by name', async () => {
    const order: string[] = []
    const error = await rejectionOf(
      taskGroup(
        async (group) => {
          group.spawn(
            async () => {
              try {
                await forever()
              } finally {
                await shield(() => sleep(0))
                order.push('sibling cleaned up')
              }
            },
            { name: 'sibling' },
          )
          group.spawn(() => fail('broken'), { name: 'bad' })
          try {
            await forever()
          } catch (error) {
            order.push('body cancelled')
            throw error
          }
        },
        { name: 'crawl' },
      ),
    )
    expect(order).toEqual(['body cancelled', 'sibling cleaned up'])
    expect(error).toBeInstanceOf(TaskGroupError)
    expect(error).toMatchObject({
      code: 'SPOOL_TASK_GROUP',
      message: 'Task group "crawl" failed: "bad" (broken)',
      failures: [{ name: 'bad' }],
      errors: [{ message: 'broken' }],
      cause: { message: 'broken' },
    })
  })

  test('taskGroup() throws a TaskGroupError for a failure of its body alone', async () => {
    const error = await rejectionOf(taskGroup(() => fail('in the body'), { name: 'g' }))
    expect(error).toMatchObject({
      message: 'Task group "g" failed: "the body" (in the body)',
      failures: [{ name: 'the body' }],
    })
  })

  test('taskGroup() lists every failure in the order in which they happened', async () => {
    const error = await rejectionOf(
      taskGroup(async (group) => {
        group.spawn(() => fail('first'), { name: 'one' })
        group.spawn(
          async () => {
            try {
              await forever()
            } finally {
              await fail('while cleaning up')
            }
          },
          { name: 'two' },
        )
        await forever()
      }),
    )
    expect((error as TaskGroupError).failures.map(({ name }) => name)).toEqual(['one', 'two'])
  })

  test('taskGroup() nested in another fails it with its own error', async () => {
    const error = await rejectionOf(
      taskGroup((outer) => {
        outer.spawn(() => taskGroup((inner) => void inner.spawn(() => fail('deep'))), {
          name: 'inner',
        })
      }),
    )
    expect(error).toMatchObject({ errors: [{ errors: [{ message: 'deep' }] }] })
  })

  test('taskGroup() cancelled from outside cancels its tasks, awaits them, and throws the cancellation', async () => {
    const order: string[] = []
    const scopes = await rejectionOf(
      timeout(0, () =>
        taskGroup(async (group) => {
          group.spawn(async () => {
            try {
              await forever()
            } catch (error) {
              order.push(String(CancelledError.is(error)))
              throw error
            }
          })
          await forever()
        }),
      ),
    )
    expect(scopes).toBeInstanceOf(TimeoutError)
    expect(order).toEqual(['true'])
  })

  test('taskGroup() throws the cancellation if only its tasks were stopped by it', async () => {
    using clock = MockClock.install({ autoJump: true })
    const error = await rejectionOf(
      timeout(5, () => taskGroup((group) => void group.spawn(forever))),
    )
    expect(error).toBeInstanceOf(TimeoutError)
    expect(clock.now()).toBe(5)
  })

  test('taskGroup() keeps its value if all came to their end in spite of a cancellation', async () => {
    const value = await timeout(0, () =>
      taskGroup((group) => {
        group.spawn(() => 'a task that waits for nothing')
        return 'done'
      }),
    )
    expect(value).toBe('done')
  })

  test('taskGroup() prefers failures to the cancellation that they happened under', async () => {
    const error = await rejectionOf(
      timeout(0, () =>
        taskGroup(async () => {
          try {
            await forever()
          } finally {
            await fail('clean-up')
          }
        }),
      ),
    )
    expect(error).toMatchObject({ code: 'SPOOL_TASK_GROUP', errors: [{ message: 'clean-up' }] })
  })

  test('taskGroup() with a deadline cancels everything when it passes and throws a TimeoutError', async () => {
    using clock = MockClock.install({ autoJump: true })
    const group = taskGroup((group) => void group.spawn(forever), { deadline: 25 })
    expect(await rejectionOf(group)).toMatchObject({ code: 'SPOOL_TIMEOUT', timeout: 25 })
    expect(clock.now()).toBe(25)
  })

  test('taskGroup() with a deadline that is past stops its body at the first wait', async () => {
    expect(await rejectionOf(taskGroup(forever, { deadline: 0 }))).toBeInstanceOf(TimeoutError)
  })

  test('taskGroup() rejects what is no function and no deadline', async () => {
    const promise = Promise.resolve(1)
    await expect(taskGroup(promise as never)).rejects.toThrow(
      'Cannot run a task group: expected a function, got Promise; pass a function that returns the promise, not the promise',
    )
    await expect(taskGroup(() => 1, { deadline: Number.NaN })).rejects.toThrow(RangeError)
    await expect(taskGroup(() => 1, { name: '' })).rejects.toThrow(
      'Invalid name "" of a task group: expected a string that is not empty',
    )
  })

  test('taskGroup() cancels waits that its body left behind', async () => {
    let left: Promise<void> | undefined
    await taskGroup(() => {
      left = forever()
    })
    expect(await rejectionOf(left as Promise<void>)).toMatchObject({ source: 'ended' })
  })

  test('taskGroup() waits for a group that its body started and did not await', async () => {
    let inner: Promise<unknown> | undefined
    const order: string[] = []
    await taskGroup(() => {
      inner = taskGroup((group) => {
        group.spawn(async () => {
          try {
            await forever()
          } finally {
            await shield(() => sleep(0))
            order.push('inner is over')
          }
        })
      }).catch((error: unknown) => error)
    })
    order.push('outer is over')
    expect(order).toEqual(['inner is over', 'outer is over'])
    expect(await inner).toMatchObject({ source: 'ended' })
  })
})

describe('TaskGroup', () => {
  test('group.cancel() ends the group early without a failure, and keeps what the body returned', async () => {
    const value = await taskGroup((group) => {
      group.spawn(forever)
      group.cancel('enough')
      return 'value'
    })
    expect(value).toBe('value')
  })

  test('group.cancel() that interrupts the body makes taskGroup() return undefined', async () => {
    const value = await taskGroup(async (group) => {
      group.spawn(() => group.cancel())
      await forever()
      return 'not reached'
    })
    expect(value).toBeUndefined()
  })

  test('group.cancel() does not hide that the scope around was cancelled too', async () => {
    const error = await rejectionOf(
      timeout(0, ({ cancel }) =>
        taskGroup(async (group) => {
          group.cancel('inner')
          cancel('outer')
          await forever()
        }),
      ),
    )
    expect(error).toBeInstanceOf(TimeoutError)
  })

  test('an error that is lost once a group is over fails the group around', async () => {
    const error = await rejectionOf(
      taskGroup(
        async () => {
          const future = new Future()
          await taskGroup(() => {
            future.addDoneCallback(() => {
              throw new Error('broken')
            })
          })
          future.resolve()
          await forever()
        },
        { name: 'outer' },
      ),
    )
    expect(error).toMatchObject({
      message: 'Task group "outer" failed: "a done callback" (broken)',
    })
  })

  test('createTask() in a group spawns into it', async () => {
    await taskGroup((group) => {
      createTask(forever, { name: 'mine' })
      expect(group.tasks[0]?.name).toBe('mine')
      group.cancel()
    })
  })

  test('a group has a name of its own unless it is given one', async () => {
    await using named = new TaskGroup({ name: 'mine' })
    await using unnamed = new TaskGroup()
    expect(named.name).toBe('mine')
    expect(unnamed.name).toMatch(/^group-\d+$/)
  })

  test('group.join() waits for the tasks and leaves the group open', async () => {
    await using group = new TaskGroup()
    const task = group.spawn(() => sleep(0))
    await Promise.all([group.join(), group.join()])
    expect([task.state, group.open]).toEqual(['succeeded', true])
    await group.join()
  })

  test('group.join() throws failures once', async () => {
    const group = new TaskGroup({ name: 'g' })
    group.spawn(() => fail('broken'), { name: 'bad' })
    expect(await rejectionOf(group.join())).toBeInstanceOf(TaskGroupError)
    await expect(group.join()).resolves.toBeUndefined()
    await expect(group[Symbol.asyncDispose]()).resolves.toBeUndefined()
  })

  test('group.join() by two at once throws the same for both, and nothing later', async () => {
    const group = new TaskGroup()
    group.spawn(() => fail('broken'))
    const [first, second, closing] = await Promise.all([
      rejectionOf(group.join()),
      rejectionOf(group.join()),
      rejectionOf(group.close()),
    ])
    expect(first).toBeInstanceOf(TaskGroupError)
    expect([second, closing]).toEqual([first, first])
    await group.join()
  })

  test('taskGroup() throws what group.join() outside of it threw at the same time', async () => {
    const group = Promise.withResolvers<TaskGroup>()
    const failed = rejectionOf(
      taskGroup((made) => {
        made.spawn(() => fail('broken'))
        group.resolve(made)
      }),
    )
    const error = await rejectionOf((await group.promise).join())
    expect(error).toBeInstanceOf(TaskGroupError)
    expect(await failed).toBe(error)
  })

  test('group.join() in a cancelled scope only stops waiting', async () => {
    const group = new TaskGroup()
    const task = group.spawn(forever)
    expect(await rejectionOf(timeout(0, () => group.join()))).toBeInstanceOf(TimeoutError)
    expect(task.state).toBe('running')
    await group[Symbol.asyncDispose]()
    expect(await rejectionOf(timeout(0, () => group.join()))).toBeInstanceOf(TimeoutError)
  })

  test('disposing of a group cancels its tasks, waits for them, and throws what failed', async () => {
    const group = new TaskGroup({ name: 'g' })
    const stopped = group.spawn(forever)
    const failing = group.spawn(
      async () => {
        try {
          await forever()
        } finally {
          await fail('clean-up')
        }
      },
      { name: 'bad' },
    )
    await settle()
    expect(await rejectionOf(group[Symbol.asyncDispose]())).toMatchObject({
      message: 'Task group "g" failed: "bad" (clean-up)',
    })
    expect([stopped.state, failing.state]).toEqual(['cancelled', 'failed'])
  })

  test('a group that the scope around left behind is cancelled with it', async () => {
    let task: Task | undefined
    await taskGroup(() => {
      task = new TaskGroup().spawn(forever)
    })
    expect(task?.state).toBe('cancelled')
  })

  test('a group that was left behind without tasks is over with the scope around', async () => {
    let group: TaskGroup | undefined
    await taskGroup(() => {
      group = new TaskGroup()
    })
    expect(group?.open).toBe(false)
  })

  test('a group that was made in a cancelled scope and left behind is over with it', async () => {
    let group: TaskGroup | undefined
    await taskGroup((outer) => {
      outer.cancel()
      group = new TaskGroup()
    })
    expect(group?.open).toBe(false)
  })

  test('a group that is being closed when its scope is over ends by that', async () => {
    let closed: Promise<void> | undefined
    await taskGroup(() => {
      const group = new TaskGroup()
      group.spawn(forever)
      closed = group.close()
    })
    await closed
    expect(closed).toBeInstanceOf(Promise)
  })

  test('a group that was left behind with failures fails the group around', async () => {
    const error = await rejectionOf(
      taskGroup((outer) => {
        outer.spawn(async () => {
          const left = new TaskGroup({ name: 'left' })
          left.spawn(async () => {
            try {
              await forever()
            } finally {
              await fail('clean-up')
            }
          })
          await settle()
        })
      }),
    )
    expect(error).toMatchObject({
      failures: [{ name: 'left', error: { errors: [{ message: 'clean-up' }] } }],
    })
  })

  test('a group that failed keeps its failures for join()', async () => {
    await taskGroup(async () => {
      const group = new TaskGroup()
      await rejectionOf(group.spawn(() => fail('broken')))
      expect(await rejectionOf(group.join())).toBeInstanceOf(TaskGroupError)
    })
  })
})

test('group.giveUp() ends the group with what has failed, whatever still runs', async () => {
  const group = new TaskGroup({ name: 'stuck' })
  const { promise, resolve } = Promise.withResolvers<void>()
  const deaf = group.spawn(() => promise)
  group.giveUp()
  expect([group.open, deaf.done]).toEqual([false, false])
  group.take(new Error('too late'), 'a test')
  const failed = new TaskGroup({ name: 'failed' })
  failed.take(new Error('broken'), 'a test')
  expect(() => failed.giveUp()).toThrow('Task group "failed" failed: "a test" (broken)')
  resolve()
  expect(await deaf).toBeUndefined()
})

describe('group.close()', () => {
  test('group.close() in a scope that is cancelled cancels the tasks, and does not throw for it', async () => {
    const order: string[] = []
    await timeout(0, async () => {
      const group = new TaskGroup()
      const task = group.spawn(async () => {
        try {
          await forever()
        } finally {
          await shield(() => sleep(0))
          order.push('stopped')
        }
      })
      await group.close()
      order.push(task.state)
    })
    expect(order).toEqual(['stopped', 'cancelled'])
  })

  test('group.close() that is cancelled while it waits cancels the tasks', async () => {
    using clock = MockClock.install({ autoJump: true })
    const group = new TaskGroup()
    const task = group.spawn(forever)
    await timeout(10, () => group.close())
    expect([task.state, clock.now()]).toEqual(['cancelled', 10])
  })

  test('group.close() takes no more tasks, and waits for those that run', async () => {
    const group = new TaskGroup()
    const task = group.spawn(() => sleep(0))
    const closed = group.close()
    expect(() => group.spawn(forever)).toThrow(ClosedResourceError)
    await closed
    await group.close()
    expect(task.state).toBe('succeeded')
  })

  test('group.close() throws what failed', async () => {
    const group = new TaskGroup()
    group.spawn(() => fail('broken'))
    expect(await rejectionOf(group.close())).toBeInstanceOf(TaskGroupError)
  })

  test('group.close() by two at once, or while it is disposed of, ends for all of them', async () => {
    using _ = MockClock.install({ autoJump: true })
    const group = new TaskGroup()
    group.spawn(() => sleep(20))
    await Promise.all([group.close(), group.close(), group[Symbol.asyncDispose]()])
    expect(group.size).toBe(0)
  })

  test('group.close() by two at once ends for both of them if something was left behind', async () => {
    const group = new TaskGroup()
    const { promise, resolve } = Promise.withResolvers<void>()
    group.spawn(() => {
      void callInScope(group.scope, () => timeout(1_000, () => promise), undefined)
    })
    await settle()
    const closed = Promise.all([group.close(), group.close()])
    await settle()
    resolve()
    await closed
    expect(group.open).toBe(false)
  })
})

describe('a group that would wait for itself', () => {
  test('group.join(), group.close() and `await using` inside a task of the group throw at once', async () => {
    await taskGroup(
      async (group) => {
        await group.spawn(
          async () => {
            const inside = 'inside its task "page"'
            await expect(group.join()).rejects.toMatchObject(refused('join', inside))
            await expect(group.close()).rejects.toMatchObject(refused('close', inside))
            await expect(group[Symbol.asyncDispose]()).rejects.toMatchObject(
              refused('close', inside),
            )
            await expect(timeout(1_000, () => gather(() => group.join()))).rejects.toMatchObject(
              refused('join', inside),
            )
          },
          { name: 'page' },
        )
        // It is as it was.
        expect([group.open, group.scope.cancelled]).toEqual([true, false])
      },
      { name: 'crawl' },
    )
  })

  test('group.close() in a part of the body throws at once, and group.join() there waits', async () => {
    await taskGroup(
      async (group) => {
        const task = group.spawn(() => sleep(0))
        await timeout(1_000, async () => {
          await group.join()
          expect(task.done).toBe(true)
          await expect(group.close()).rejects.toMatchObject(
            refused('close', 'inside a part of its body'),
          )
        })
        await group.close()
        expect(group.open).toBe(false)
      },
      { name: 'crawl' },
    )
  })
})
