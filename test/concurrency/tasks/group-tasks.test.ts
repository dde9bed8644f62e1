import { describe, expect, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { MockClock } from '../../../src/testing/index.ts'
import {
  CancelledError,
  ClosedResourceError,
  gather,
  shield,
  sleep,
  type Task,
  taskGroup,
  timeout,
  TimeoutError,
} from '../../../src/index.ts'

const forever = () => sleep(Infinity)
const fail = async (message: string): Promise<never> => {
  await Promise.resolve()
  throw new Error(message)
}

describe('group.spawn()', () => {
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
    expect(() => group.spawn(forever)).toThrow('Cannot start a task: the task group "g" is over')
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

  test('group.tasks lists the tasks that are not over, in order', async () => {
    await taskGroup(async (group) => {
      group.spawn(forever, { name: 'a' })
      const short = group.spawn(() => 'over', { name: 'b' })
      group.spawn(forever, { name: 'c' })
      expect(group.tasks.map((task) => task.name)).toEqual(['a', 'b', 'c'])
      await short
      expect(group.tasks.map((task) => task.name)).toEqual(['a', 'c'])
      expect(group.size).toBe(2)
      await timeout(5_000, () => expect(group.tasks).toHaveLength(2))
      group.cancel()
    })
  })
})

describe('group.start()', () => {
  test('group.start() waits until the task is ready, and returns what it says', async () => {
    const order: string[] = []
    await taskGroup(async (group) => {
      const port = await group.start<number>(
        async (ready) => {
          await sleep(0)
          order.push('listening')
          ready(8080)
          await sleep(0)
          order.push('served')
        },
        { name: 'server' },
      )
      order.push(`started on ${port}`)
      expect(group.tasks.map((task) => task.name)).toEqual(['server'])
    })
    expect(order).toEqual(['listening', 'started on 8080', 'served'])
  })

  test('group.start() throws what the task fails with before it is ready, and the group goes on', async () => {
    const value = await taskGroup(async (group) => {
      const error = await rejectionOf(group.start(() => fail('no port')))
      expect(error).toMatchObject({ message: 'no port' })
      expect(group.size).toBe(0)
      return 'went on'
    })
    expect(value).toBe('went on')
  })

  test('group.start() throws if the task ends without saying that it is ready', async () => {
    await taskGroup(async (group) => {
      const error = await rejectionOf(group.start(() => 'forgot', { name: 'server' }))
      expect(error).toMatchObject({
        code: 'SPOOL_INVALID_STATE',
        message: 'Cannot start task "server": it ended before it called ready()',
      })
    })
  })

  test('group.start() of a task that fails after it was ready fails the group', async () => {
    const error = await rejectionOf(
      taskGroup(async (group) => {
        await group.start(
          async (ready) => {
            ready()
            await fail('later')
          },
          { name: 'server' },
        )
        await forever()
      }),
    )
    expect(error).toMatchObject({ failures: [{ name: 'server', error: { message: 'later' } }] })
  })

  test('group.start() that is cancelled stops the task and waits until it is over', async () => {
    const order: string[] = []
    await taskGroup(async (group) => {
      const error = await rejectionOf(
        timeout(0, async () => {
          try {
            await group.start(async () => {
              try {
                await forever()
              } finally {
                await shield(() => sleep(0))
                order.push('task is over')
              }
            })
          } finally {
            order.push('start threw')
          }
        }),
      )
      expect(error).toBeInstanceOf(TimeoutError)
      expect(group.open).toBe(true)
    })
    expect(order).toEqual(['task is over', 'start threw'])
  })

  test('group.start() that is cancelled while it waits stops the task', async () => {
    using clock = MockClock.install({ autoJump: true })
    await taskGroup(async (group) => {
      const error = await rejectionOf(timeout(5, () => group.start(forever)))
      expect(error).toMatchObject({ timeout: 5 })
      expect([clock.now(), group.size]).toEqual([5, 0])
    })
  })

  test('group.start() in a group that is cancelled throws the cancellation', async () => {
    const caught: unknown[] = []
    await taskGroup(async (group) => {
      const starting = group.start(forever).catch((error: unknown) => caught.push(error))
      group.cancel()
      await starting
    })
    expect(caught).toEqual([expect.any(CancelledError)])
  })

  test('ready() may be called once', async () => {
    await taskGroup(async (group) => {
      let again: (() => void) | undefined
      await group.start((ready) => {
        ready()
        again = ready
      })
      expect(again).toThrow('Cannot say ready: it was said already')
    })
  })

  test('group.start() refuses what is no function, and a group that is over', async () => {
    const group = await taskGroup((group) => group)
    await expect(group.start(forever)).rejects.toThrow(ClosedResourceError)
    await expect(group.start(null as never)).rejects.toThrow(TypeError)
  })
})

describe('a group and its own tasks', () => {
  test('taskAround is the task of the group that this code runs in, however deep', async () => {
    await taskGroup(async (group) => {
      expect(group.taskAround).toBeUndefined()
      await timeout(1_000, () => expect(group.taskAround).toBeUndefined())
      const task: Task = group.spawn(async () => {
        await timeout(1_000, () => gather(() => expect(group.taskAround).toBe(task)))
      })
      await task
    })
    const other = await taskGroup((group) => group)
    expect(other.taskAround).toBeUndefined()
  })

  test('a group refuses to be joined in its own task, and to be closed anywhere inside', async () => {
    await taskGroup(async (group) => {
      await group.spawn(async () => {
        await expect(group.join()).rejects.toMatchObject({ code: 'SPOOL_BUSY' })
        await expect(group.close()).rejects.toThrow('inside its task "task-')
      })
      await timeout(1_000, async () => {
        await group.join()
        await expect(group.close()).rejects.toThrow('inside a part of its body')
      })
      await group.join()
      await group.close()
    })
  })

  test('othersOver() waits for all but those that wait there as well', async () => {
    using clock = MockClock.install({ autoJump: true })
    const order: string[] = []
    await taskGroup((group) => {
      const leave = (name: string, delay: number): void => {
        group.spawn(async () => {
          await sleep(delay)
          await group.othersOver(group.taskAround as Task)
          order.push(`${name} at ${clock.now()}`)
        })
      }
      leave('first', 5)
      leave('second', 10)
      leave('third', 10)
      group.spawn(() => sleep(20))
      group.spawn(() => sleep(15))
    })
    expect(order.toSorted()).toEqual(['first at 20', 'second at 20', 'third at 20'])
  })
})
