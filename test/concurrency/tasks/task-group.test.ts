import { describe, expect, test } from 'vitest'
import { MockClock, settle } from '../../../src/testing/index.ts'
import {
  CancelledError,
  ClosedResourceError,
  createTask,
  currentScope,
  gather,
  shield,
  sleep,
  SpoolError,
  type Task,
  TaskGroup,
  TaskGroupError,
  taskGroup,
  timeout,
  TimeoutError,
} from '../../../src/index.ts'

const forever = () => sleep(Infinity)
const fail = async (message: string): Promise<never> => {
  await Promise.resolve()
  throw new Error(message)
}

async function errorOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It did not throw')
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
    const error = await errorOf(
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
    const error = await errorOf(taskGroup(() => fail('in the body'), { name: 'g' }))
    expect(error).toMatchObject({
      message: 'Task group "g" failed: "the body" (in the body)',
      failures: [{ name: 'the body' }],
    })
  })

  test('taskGroup() lists every failure in the order in which they happened', async () => {
    const error = await errorOf(
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
    const error = await errorOf(
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
    const scopes = await errorOf(
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
    const error = await errorOf(timeout(5, () => taskGroup((group) => void group.spawn(forever))))
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
    const error = await errorOf(
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
    expect(await errorOf(group)).toMatchObject({ code: 'SPOOL_TIMEOUT', timeout: 25 })
    expect(clock.now()).toBe(25)
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
    expect(await errorOf(left as Promise<void>)).toMatchObject({ source: 'ended' })
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
  test('group.spawn() never runs the function inside the call', async () => {
    const order: string[] = []
    await taskGroup((group) => {
      group.spawn(() => order.push('task'))
      order.push('body')
    })
    expect(order).toEqual(['body', 'task'])
  })

  test('group.spawn() into a cancelled group still runs the task, up to its first wait', async () => {
    const order: string[] = []
    await taskGroup((group) => {
      group.cancel()
      group.spawn(async () => {
        try {
          order.push('started')
          await forever()
          order.push('not reached')
        } finally {
          order.push('finally')
        }
      })
    })
    expect(order).toEqual(['started', 'finally'])
  })

  test('group.spawn() works while the group waits for its tasks', async () => {
    const order: string[] = []
    await taskGroup((group) => {
      group.spawn(async () => {
        await sleep(0)
        group.spawn(async () => {
          await sleep(0)
          order.push('grandchild')
        })
      })
    })
    expect(order).toEqual(['grandchild'])
  })

  test('group.spawn() refuses tasks once the group is over', async () => {
    const group = await taskGroup((group) => group, { name: 'g' })
    expect(() => group.spawn(forever)).toThrow(ClosedResourceError)
    expect(() => group.spawn(forever)).toThrow('Cannot spawn a task: the task group "g" is over')
    expect(group.open).toBe(false)
  })

  test('group.spawn() refuses what is no function', async () => {
    await taskGroup((group) => {
      expect(() => group.spawn(5 as never)).toThrow(
        'Cannot start a task: expected a function, got 5',
      )
      expect(() => group.spawn(forever, { name: 7 as never })).toThrow(TypeError)
      expect(group.size).toBe(0)
    })
  })

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
    const error = await errorOf(
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

  test('group.tasks lists the tasks that are not over, in order', async () => {
    await taskGroup(async (group) => {
      group.spawn(forever, { name: 'a' })
      const short = group.spawn(() => 'over', { name: 'b' })
      group.spawn(forever, { name: 'c' })
      expect(group.tasks.map((task) => task.name)).toEqual(['a', 'b', 'c'])
      await short
      expect(group.tasks.map((task) => task.name)).toEqual(['a', 'c'])
      expect(group.size).toBe(2)
      group.cancel()
    })
  })

  test('a group has a name of its own unless it is given one', () => {
    expect(new TaskGroup({ name: 'mine' }).name).toBe('mine')
    expect(new TaskGroup().name).toMatch(/^group-\d+$/)
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
    expect(await errorOf(group.join())).toBeInstanceOf(TaskGroupError)
    await expect(group.join()).resolves.toBeUndefined()
    await expect(group[Symbol.asyncDispose]()).resolves.toBeUndefined()
  })

  test('group.join() in a cancelled scope only stops waiting', async () => {
    const group = new TaskGroup()
    const task = group.spawn(forever)
    expect(await errorOf(timeout(0, () => group.join()))).toBeInstanceOf(TimeoutError)
    expect(task.state).toBe('running')
    await group[Symbol.asyncDispose]()
    expect(await errorOf(timeout(0, () => group.join()))).toBeInstanceOf(TimeoutError)
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
    expect(await errorOf(group[Symbol.asyncDispose]())).toMatchObject({
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
})

describe('createTask()', () => {
  test('createTask() spawns into the nearest open group', async () => {
    await taskGroup(async (outer) => {
      await taskGroup((inner) => {
        createTask(forever)
        expect([outer.size, inner.size]).toEqual([0, 1])
        inner.cancel()
      })
    })
  })

  test('createTask() in code that outlived its group spawns into the group around', async () => {
    await taskGroup(async (outer) => {
      let go: (() => void) | undefined
      const gate = new Promise<void>((resolve) => {
        go = resolve
      })
      let floating: Promise<Task[]> | undefined
      await taskGroup(() => {
        floating = gate.then(() => [createTask(() => 'late')])
      })
      go?.()
      const [task] = (await floating) ?? []
      expect(outer.tasks).toEqual([task])
      expect(await task).toBe('late')
    })
  })

  test('createTask() outside of every group throws SPOOL_NO_SCOPE', () => {
    expect(() => createTask(forever)).toThrow(
      'Cannot create a task: no open task group owns it; call createTask() inside taskGroup() or run()',
    )
    expect(() => createTask(forever)).toThrow(
      expect.toSatisfy((error) => SpoolError.hasCode(error, 'SPOOL_NO_SCOPE')),
    )
  })
})

test('gather() in a group is stopped with it', async () => {
  const error = await errorOf(
    taskGroup(async (group) => {
      group.spawn(() => fail('broken'))
      await gather(forever, forever)
    }),
  )
  expect(error).toMatchObject({ errors: [{ message: 'broken' }] })
  expect(currentScope().cancelled).toBe(false)
})
