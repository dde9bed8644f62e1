/**
 * What is known to go wrong in asyncio, shown to go right here. Each test is named for the behaviour.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import {
  asCompleted,
  callLater,
  CancelledError,
  Condition,
  Future,
  gather,
  Lock,
  Queue,
  run,
  Semaphore,
  shield,
  sleep,
  taskGroup,
  TaskGroupError,
  timeout,
  TimeoutError,
} from 'spool'
import { MockClock, settle } from 'spool/testing'
import { rejectionOf } from '../support/rejection.ts'

const forever = () => sleep(Infinity)
const fail = () => Promise.reject(new Error('broken'))

describe('cancellation', () => {
  test('a cancellation that was swallowed once is thrown again by the next wait', async () => {
    let thrown = 0
    await taskGroup((group) => {
      group.spawn(async () => {
        for (let i = 0; i < 5; i++) await forever().catch(() => thrown++)
      })
      group.cancel()
    })
    expect(thrown).toBe(5)
  })

  test('a wait that begins after the cancellation throws too', async () => {
    const semaphore = new Semaphore(1)
    const queue = new Queue<string>({ capacity: 10 })
    await queue.put('an item')
    const error = await rejectionOf(timeout(0, () => semaphore.acquire()))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(await rejectionOf(timeout(0, () => queue.get()))).toBeInstanceOf(TimeoutError)
    expect([semaphore.statistics().free, queue.size]).toEqual([1, 1])
  })

  test('a task that is cancelled before its first step still cleans up', async () => {
    const resources: string[] = ['open']
    await taskGroup((group) => {
      const task = group.spawn(async () => {
        try {
          await forever()
        } finally {
          resources.pop()
        }
      })
      task.cancel()
    })
    expect(resources).toEqual([])
  })

  test('clean-up that has to wait can do so under a shield', async () => {
    const order: string[] = []
    await taskGroup((group) => {
      group.spawn(async () => {
        try {
          await forever()
        } finally {
          await sleep(0).catch(() => order.push('a plain wait throws'))
          await shield(() => sleep(0))
          order.push('a shielded wait does not')
        }
      })
      group.cancel()
    })
    expect(order).toEqual(['a plain wait throws', 'a shielded wait does not'])
  })

  test('shielded work is not orphaned: who owns it waits for it, and its failure is seen', async () => {
    const order: string[] = []
    const error = await rejectionOf(
      timeout(0, () =>
        taskGroup(async () => {
          await shield(async () => {
            await sleep(0)
            order.push('shielded')
            throw new Error('shielded work failed')
          })
        }),
      ),
    )
    expect(order).toEqual(['shielded'])
    expect(error).toMatchObject({ errors: [{ message: 'shielded work failed' }] })
  })

  test('cancelling who awaits a task does not cancel the task of somebody else', async () => {
    await taskGroup(async (group) => {
      const shared = group.spawn(async () => {
        await sleep(0)
        return 'for all'
      })
      const impatient = group.spawn(() => shared)
      await settle()
      impatient.cancel()
      expect(await shared).toBe('for all')
    })
  })

  test('a task that awaits a cancelled task is not taken for a cancelled one itself', async () => {
    const error = await rejectionOf(
      taskGroup((group) => {
        const other = group.spawn(forever)
        group.spawn(() => other, { name: 'the one that awaits' })
        other.cancel('not needed')
      }),
    )
    expect(error).toMatchObject({
      failures: [{ name: 'the one that awaits', error: { reason: 'not needed' } }],
    })
  })

  test('why a task was cancelled reaches it', async () => {
    const reasons: unknown[] = []
    await taskGroup((group) => {
      group.spawn(() => forever().catch((error: CancelledError) => reasons.push(error.reason)))
      group.cancel('the user pressed stop')
    })
    expect(reasons).toEqual(['the user pressed stop'])
  })
})

describe('time-outs', () => {
  test('a result that is there when the time is up is returned', async () => {
    const future = new Future<string>()
    const value = await timeout(5_000, async ({ cancel }) => {
      const waiting = future.then((value) => value)
      future.resolve('just in time')
      cancel()
      return waiting
    })
    expect(value).toBe('just in time')
  })

  test('an item that was taken from a queue when the time is up is not lost', async () => {
    const queue = new Queue<string>({ capacity: 10 })
    const taken = await timeout(5_000, async ({ cancel }) => {
      const getting = queue.get()
      await queue.put('the item')
      cancel()
      return getting
    })
    expect([taken, queue.size]).toEqual(['the item', 0])
  })

  test('a time-out does not hide that its task was cancelled at the same moment', async () => {
    using clock = MockClock.install({ autoJump: true })
    const order: string[] = []
    await taskGroup((group) => {
      group.spawn(async () => {
        try {
          await timeout(10, ({ signal }) => {
            signal.addEventListener('abort', () => group.cancel())
            return forever()
          })
        } catch (error) {
          order.push((error as Error).name)
          throw error
        }
      })
    })
    expect([order, clock.now()]).toEqual([['CancelledError'], 10])
  })

  test('a time-out further out is not reported by one further in', async () => {
    using _ = MockClock.install({ autoJump: true })
    const inner: unknown[] = []
    const error = await rejectionOf(
      timeout(10, () =>
        timeout(1_000, forever).catch((caught: unknown) => {
          inner.push(caught)
          throw caught
        }),
      ),
    )
    expect(inner).toEqual([expect.any(CancelledError)])
    expect(error).toMatchObject({ timeout: 10 })
  })

  test('a time-out waits until the work that it stops is over', async () => {
    const order: string[] = []
    await rejectionOf(
      timeout(0, async () => {
        try {
          await forever()
        } finally {
          await shield(() => sleep(0))
          order.push('work is over')
        }
      }).finally(() => order.push('time-out is thrown')),
    )
    expect(order).toEqual(['work is over', 'time-out is thrown'])
  })
})

describe('groups', () => {
  test('a group can be cancelled, and that is no failure', async () => {
    const value = await taskGroup((group) => {
      group.spawn(forever)
      group.cancel()
      return 'found'
    })
    expect(value).toBe('found')
  })

  test('a group that is cancelled does not swallow a cancellation of the group around', async () => {
    const after: string[] = []
    await taskGroup(async (outer) => {
      await taskGroup(async (inner) => {
        inner.cancel()
        outer.cancel()
        await forever()
      })
      after.push('not reached')
    })
    expect(after).toEqual([])
  })

  test('a group that fails while the group around is cancelled does not lose that', async () => {
    const after: string[] = []
    const error = await rejectionOf(
      taskGroup(async (outer) => {
        outer.spawn(async () => {
          try {
            await taskGroup((inner) => {
              inner.spawn(() => forever().catch(() => Promise.reject(new Error('clean-up'))))
            })
          } catch (caught) {
            after.push((caught as Error).name)
          }
          await sleep(0)
          after.push('not reached')
        })
        await settle()
        outer.cancel()
      }),
    ).catch(() => 'ended without an error')
    expect(after).toEqual(['TaskGroupError'])
    expect(error).toBe('ended without an error')
  })

  test('a group can be asked for its tasks', async () => {
    await taskGroup((group) => {
      group.spawn(() => undefined, { name: 'a' })
      group.spawn(() => undefined, { name: 'b' })
      expect(group.tasks.map((task) => `${task.name} ${task.state}`)).toEqual([
        'a running',
        'b running',
      ])
    })
  })

  test('a group can wait until a task is ready, and learns at once if it fails before', async () => {
    await taskGroup(async (group) => {
      const port = await group.start<number>(async (ready) => {
        await sleep(0)
        ready(8080)
        await forever()
      })
      expect(port).toBe(8080)
      const error = await rejectionOf(group.start(() => Promise.reject(new Error('in use'))))
      expect(error).toMatchObject({ message: 'in use' })
      group.cancel()
    })
  })

  test('a task may be started in a group that is being cancelled, and is cancelled with it', async () => {
    const order: string[] = []
    await taskGroup((group) => {
      group.cancel()
      group.spawn(() => forever().finally(() => order.push('stopped')))
    })
    expect(order).toEqual(['stopped'])
  })

  test('what a group throws is the same kind of error for one failure as for many', async () => {
    const one = await rejectionOf(taskGroup((group) => void group.spawn(fail)))
    const two = await rejectionOf(
      taskGroup((group) => {
        group.spawn(fail)
        group.spawn(fail)
      }),
    )
    expect([one, two]).toEqual([expect.any(TaskGroupError), expect.any(TaskGroupError)])
    expect((two as TaskGroupError).errors).toHaveLength(2)
  })
})

describe('tasks', () => {
  test('a task that nobody holds on to is not collected while it runs', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const order: string[] = []
    await taskGroup(async (group) => {
      group
        .spawn(async () => {
          await new Future().then(null, () => undefined)
        })
        .cancel()
      group.spawn(async () => {
        await settle()
        order.push('done')
      })
      collect()
      await settle()
      collect()
    })
    expect(order).toEqual(['done'])
  })

  test('a task never runs inside the call that starts it', async () => {
    const order: string[] = []
    await taskGroup((group) => {
      const task = group.spawn(
        () => {
          order.push(`task ${task.name}`)
        },
        { name: 't' },
      )
      order.push('spawned')
    })
    expect(order).toEqual(['spawned', 'task t'])
  })

  test('a failure that nobody awaits is thrown by the group at once, and not logged at the end', async () => {
    const order: string[] = []
    const error = await rejectionOf(
      taskGroup(async (group) => {
        group.spawn(() => Promise.reject(new Error('nobody awaits this')))
        await forever().catch(() => order.push('body stopped'))
      }),
    )
    expect(order).toEqual(['body stopped'])
    expect(error).toMatchObject({ errors: [{ message: 'nobody awaits this' }] })
  })

  test('a failure of a callback is thrown by the group, and not only logged', async () => {
    const error = await rejectionOf(
      taskGroup(async () => {
        callLater(0, () => {
          throw new Error('in a callback')
        })
        await forever()
      }),
    )
    expect(error).toMatchObject({ errors: [{ message: 'in a callback' }] })
  })

  test('a failure at the end of the program is thrown by it, and not only logged', async () => {
    const error = await rejectionOf(
      run(() =>
        taskGroup((group) => {
          group.spawn(() => forever().catch(() => Promise.reject(new Error('at the end'))))
          group.spawn(() => Promise.reject(new Error('first')))
        }),
      ),
    )
    expect((error as TaskGroupError).errors).toMatchObject([
      { message: 'first' },
      { message: 'at the end' },
    ])
  })
})

describe('combinators', () => {
  test('gather() leaves no sibling running behind a failure', async () => {
    const order: string[] = []
    await rejectionOf(
      gather(
        () => Promise.reject(new Error('broken')),
        () => forever().finally(() => order.push('sibling stopped')),
      ),
    )
    expect(order).toEqual(['sibling stopped'])
  })

  test('asCompleted() leaves nothing running when its loop is left', async () => {
    const order: string[] = []
    const functions = [() => 'first', () => forever().finally(() => order.push('rest stopped'))]
    for await (const value of asCompleted<unknown>(functions)) {
      order.push(String(value))
      break
    }
    expect(order).toEqual(['first', 'rest stopped'])
  })
})

describe('locks and queues', () => {
  test('a permit that was handed to a task that is cancelled at the same moment is not lost', async () => {
    const semaphore = new Semaphore(1)
    const first = await semaphore.acquire()
    await taskGroup(async (group) => {
      group.spawn(async () => {
        using permit = await semaphore.acquire()
        expect(permit).toBeDefined()
      })
      await settle()
      first.release()
      group.cancel()
    })
    expect(semaphore.statistics()).toEqual({ free: 1, waiting: 0 })
  })

  test('a waiter that is cancelled does not keep the next one from its turn', async () => {
    const lock = new Lock()
    const order: string[] = []
    const held = await lock.acquire()
    await taskGroup(async (group) => {
      const impatient = group.spawn(() => lock.acquire())
      group.spawn(async () => {
        using permit = await lock.acquire()
        order.push(permit === undefined ? 'nothing' : 'the lock')
      })
      await settle()
      impatient.cancel()
      held.release()
    })
    expect([order, lock.locked]).toEqual([['the lock'], false])
  })

  test('a queue can be closed and iterated', async () => {
    const queue = new Queue<number>({ capacity: 1 })
    const seen: number[] = []
    await taskGroup((group) => {
      group.spawn(async () => {
        for await (const item of queue) seen.push(item)
      })
      group.spawn(async () => {
        for (const item of [1, 2, 3]) await queue.put(item)
        queue.close()
      })
    })
    expect(seen).toEqual([1, 2, 3])
  })

  test('who waits for a condition and is cancelled leaves the lock to others', async () => {
    const lock = new Lock()
    const condition = new Condition(lock)
    await taskGroup(async (group) => {
      const waiting = group.spawn(async () => {
        using _ = await lock.acquire()
        await condition.wait()
      })
      await settle()
      waiting.cancel()
      await settle()
      expect([waiting.state, lock.locked]).toEqual(['cancelled', false])
    })
  })
})
