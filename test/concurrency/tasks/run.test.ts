import { describe, expect, test, vi } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { Uncaught } from '../../support/uncaught.ts'
import { checkNoLeaks, MockClock, settle } from '../../../src/testing/index.ts'
import {
  BusyResourceError,
  createTask,
  currentTask,
  Future,
  run,
  shield,
  sleep,
  taskGroup,
  TaskGroupError,
  taskTree,
} from '../../../src/index.ts'

const forever = () => sleep(Infinity)
const fail = async (message: string): Promise<never> => {
  await Promise.resolve()
  throw new Error(message)
}

/** Puts back what a run writes and sets, and tells it. */
function watchProcess() {
  const lines: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  const before = process.exitCode
  return {
    lines,
    [Symbol.dispose]() {
      process.exitCode = before
    },
  }
}

/** Calls what `run()` listens with, as the process would; a signal would also reach the test runner. */
function emit(event: string, argument: unknown): void {
  const listener = process.listeners(event as 'SIGINT').at(-1)
  listener?.(argument as 'SIGINT')
}

describe('run()', () => {
  test('run() returns what main returns, after every task that was created', async () => {
    const order: string[] = []
    const value = await run(() => {
      createTask(async () => {
        await sleep(0)
        order.push('task')
      })
      return 42
    })
    expect([value, order]).toEqual([42, ['task']])
  })

  test('run() makes main a task, in a group of its own', async () => {
    await run(() => {
      expect(currentTask()?.name).toBe('main')
      expect(String(taskTree())).toMatch(/^group "run"\n└─ task "main", running/)
    })
    await run(() => expect(currentTask()?.name).toBe('crawler'), { name: 'crawler' })
  })

  test('run() throws what main throws, after it has cancelled everything else', async () => {
    const order: string[] = []
    const error = await rejectionOf(
      run(async () => {
        createTask(async () => {
          try {
            await forever()
          } finally {
            await shield(() => sleep(0))
            order.push('stopped')
          }
        })
        await fail('main is broken')
      }),
    )
    expect([order, error]).toEqual([['stopped'], new Error('main is broken')])
  })

  test('run() throws a TaskGroupError if a task fails, which cancels main', async () => {
    const order: string[] = []
    const error = await rejectionOf(
      run(async () => {
        createTask(() => fail('broken'), { name: 'worker' })
        try {
          await forever()
        } finally {
          order.push('main stopped')
        }
      }),
    )
    expect(error).toBeInstanceOf(TaskGroupError)
    expect(error).toMatchObject({ failures: [{ name: 'worker' }] })
    expect(order).toEqual(['main stopped'])
  })

  test('run() writes failures that it can not throw to stderr', async () => {
    using watched = watchProcess()
    const error = await rejectionOf(
      run(async () => {
        createTask(() => fail('also broken'), { name: 'worker' })
        createTask(
          async () => {
            await forever().catch(() => undefined)
            // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error
            throw 'no error'
          },
          { name: 'other' },
        )
        createTask(async () => {
          await forever().catch(() => undefined)
          throw Object.assign(new Error('no stack'), { stack: undefined })
        })
        try {
          await forever()
        } finally {
          await fail('main is broken')
        }
      }),
    )
    expect(error).toMatchObject({ message: 'main is broken' })
    expect(watched.lines.join('')).toMatch(
      /^Lost error of "worker": Error: also broken\n {4}at [^]*Lost error of "other": no error\nLost error of "task-\d+": no stack\n$/,
    )
    expect(process.exitCode).toBe(1)
  })

  test('run() throws the cancellation of a main that cancelled itself', async () => {
    const error = await rejectionOf(
      run(async ({ cancel }) => {
        cancel('enough')
        await forever()
      }),
    )
    expect(error).toMatchObject({ code: 'SPOOL_CANCELLED', reason: 'enough' })
  })

  test('run() waits for the tasks beside a main that cancelled itself, which go on', async () => {
    const ended: string[] = []
    const error = await rejectionOf(
      run(async ({ cancel }) => {
        createTask(() => sleep(1).then(() => ended.push('beside')))
        cancel('enough')
        await forever()
      }),
    )
    expect([ended, error]).toMatchObject([['beside'], { reason: 'enough' }])
    expect(await run(({ cancel }) => (cancel('too late'), 'value'))).toBe('value')
  })

  test('run() is the outermost scope, and refuses to be called inside one', async () => {
    expect(await rejectionOf(run(() => run(forever)))).toMatchObject({
      code: 'SPOOL_BUSY',
      message:
        'Cannot run a program inside another: run() is the outermost scope; use taskGroup() here',
    })
    expect(await rejectionOf(taskGroup(() => run(forever)))).toMatchObject({
      errors: [expect.any(BusyResourceError)],
    })
    expect(await Promise.all([run(() => 1), run(() => 2)])).toEqual([1, 2])
  })

  test('run() refuses bad input', async () => {
    await expect(run(sleep(0) as never)).rejects.toThrow(
      'Cannot run a program: expected a function, got Promise; pass a function that returns the promise, not the promise',
    )
    await expect(run(forever, { grace: -1 })).rejects.toThrow(RangeError)
    await expect(run(forever, { name: '' })).rejects.toThrow(TypeError)
    expect(process.listenerCount('SIGINT')).toBe(0)
    await checkNoLeaks(() => rejectionOf(run(forever, { name: '' })))
  })
})

describe('signals', () => {
  test('the first signal cancels everything, and the exit code tells it', async () => {
    using watched = watchProcess()
    const order: string[] = []
    const running = run(async () => {
      createTask(async () => {
        try {
          await forever()
        } finally {
          order.push('task stopped')
        }
      })
      try {
        await forever()
      } catch (error) {
        order.push(String(error))
        throw error
      }
    })
    await settle()
    emit('SIGINT', 'SIGINT')
    expect(await running).toBeUndefined()
    expect(order).toContain('task stopped')
    expect(order).toContain('CancelledError: Cancelled (shutdown): SIGINT')
    expect([process.exitCode, watched.lines, process.listenerCount('SIGTERM')]).toEqual([
      130,
      [],
      0,
    ])
  })

  test('a main that comes to its end in spite of a signal keeps its value, and the exit code tells the signal', async () => {
    using watched = watchProcess()
    const running = run(async () => {
      await forever().catch(() => undefined)
      return 'orderly'
    })
    await settle()
    emit('SIGTERM', 'SIGTERM')
    expect(await running).toBe('orderly')
    expect([process.exitCode, watched.lines]).toEqual([143, []])
  })

  test('an exit code of 0 that was set does not hide a signal', async () => {
    using _ = watchProcess()
    const running = run(async () => {
      process.exitCode = 0
      await forever()
    })
    await settle()
    emit('SIGINT', 'SIGINT')
    await running
    expect(process.exitCode).toBe(130)
  })

  test('an exit code of a failure that was set is left alone', async () => {
    using _ = watchProcess()
    const running = run(async () => {
      process.exitCode = 3
      await forever()
    })
    await settle()
    emit('SIGTERM', 'SIGTERM')
    await running
    expect(process.exitCode).toBe(3)
  })

  test('a second signal exits at once', async () => {
    using _ = watchProcess()
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const { promise, resolve } = Promise.withResolvers<void>()
    const running = run(() => promise)
    await settle()
    emit('SIGINT', 'SIGINT')
    expect(exit).not.toHaveBeenCalled()
    emit('SIGTERM', 'SIGTERM')
    expect(exit).toHaveBeenCalledExactlyOnceWith(143)
    resolve()
    await running
  })

  test('tasks that do not stop are named after the grace period', async () => {
    using clock = MockClock.install()
    using watched = watchProcess()
    const { promise, resolve } = Promise.withResolvers<void>()
    const running = run(
      () => {
        createTask(() => promise, { name: 'deaf' })
        createTask(forever, { name: 'obedient' })
      },
      { grace: 1_000 },
    )
    await clock.advance(250)
    emit('SIGTERM', 'SIGTERM')
    await clock.advance(999)
    expect(watched.lines).toEqual([])
    await clock.advance(1)
    expect(watched.lines).toEqual([
      [
        'Still running 1000 ms after SIGTERM; a second signal exits at once',
        'group "run", stopping',
        '└─ task "deaf", stopping, 1.3 s\n',
      ].join('\n'),
    ])
    resolve()
    await running
    expect(clock.pending).toBe(0)
  })

  test('signals: false leaves the signals to others', async () => {
    await run(() => expect(process.listenerCount('SIGINT')).toBe(0), { signals: false })
  })

  test('a main that is stopped without a signal throws why', async () => {
    const error = await rejectionOf(run(({ cancel }) => (cancel(), forever()), { signals: false }))
    expect(error).toMatchObject({ code: 'SPOOL_CANCELLED' })
  })
})

test('a program in which nothing can wake a task any more fails, and shows the tasks', async () => {
  const running = rejectionOf(run(() => new Future({ name: 'never' })))
  await settle()
  emit('beforeExit', 0)
  expect(await running).toMatchObject({
    code: 'SPOOL_DEADLOCK',
    message: expect.stringMatching(/waits for future "never"$/),
  })
})

test('a program in which nothing can wake a task that ignores its cancellation names it', async () => {
  using watched = watchProcess()
  const { promise, resolve } = Promise.withResolvers<void>()
  const running = rejectionOf(run(() => promise, { name: 'deaf' }))
  await settle()
  emit('beforeExit', 0)
  expect(watched.lines).toEqual([])
  emit('beforeExit', 0)
  expect(watched.lines.join('')).toMatch(
    /^Tasks ignored their cancellation.*\n.*\n└─ task "deaf", stopping/,
  )
  expect(await running).toMatchObject({ code: 'SPOOL_DEADLOCK' })
  expect(process.listenerCount('beforeExit')).toBe(0)
  // A task that runs for ever would hold up the mock clocks of other tests.
  resolve()
  await settle()
})

test('what was left behind and fails after all is an uncaught exception', async () => {
  using uncaught = new Uncaught()
  using _ = watchProcess()
  const { promise, reject } = Promise.withResolvers<never>()
  const running = rejectionOf(run(() => promise))
  await settle()
  emit('beforeExit', 0)
  emit('beforeExit', 0)
  expect(await running).toMatchObject({ code: 'SPOOL_DEADLOCK' })
  reject(new Error('failed after all'))
  await settle()
  expect(uncaught.errors).toMatchObject([
    { failures: [{ error: { message: 'failed after all' } }] },
  ])
})

test('a program that fails and leaves a task behind that nothing can wake throws why it failed', async () => {
  using watched = watchProcess()
  const { promise, resolve } = Promise.withResolvers<void>()
  const running = rejectionOf(
    run(() => {
      createTask(() => promise, { name: 'deaf' })
      throw new Error('main is broken')
    }),
  )
  await settle()
  emit('beforeExit', 0)
  expect(await running).toMatchObject({ message: 'main is broken' })
  expect(watched.lines).toHaveLength(1)
  resolve()
  await settle()
})

describe('rejections that nobody handles', () => {
  test('fail the program if they come from nowhere', async () => {
    const running = rejectionOf(run(forever))
    await settle()
    emit('unhandledRejection', new Error('lost'))
    expect(await running).toMatchObject({
      failures: [{ name: 'a promise that nobody awaited', error: { message: 'lost' } }],
    })
    expect(process.listeners('unhandledRejection').map(({ name }) => name)).not.toContain(
      'onRejection',
    )
  })

  test('fail the group that they come from', async () => {
    const caught: unknown[] = []
    await run(async () => {
      caught.push(
        await rejectionOf(
          taskGroup(
            async () => {
              emit('unhandledRejection', new Error('lost'))
              await forever()
            },
            { name: 'inner' },
          ),
        ),
      )
    })
    expect(caught).toMatchObject([{ message: expect.stringContaining('"inner" failed') }])
  })

  test('are nothing if they are cancellations', async () => {
    const value = await run(async () => {
      const future = new Future()
      future.cancel()
      emit('unhandledRejection', await rejectionOf(future))
      await settle()
      return 'went on'
    })
    expect(value).toBe('went on')
  })
})
