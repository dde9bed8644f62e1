import { afterEach, expect, expectTypeOf, test } from 'vitest'
import {
  CancelledError,
  CapacityLimiter,
  currentScope,
  gather,
  run,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from 'spool'
import {
  closeThreads,
  fromThread,
  runProcess,
  temporaryFolder,
  ThreadError,
  threadLimiter,
  threadStatistics,
  toThread,
} from 'spool/io'
import { turnUntil } from '../../support/open-resources.ts'
import { threadsOfProcess } from '../../support/threads.ts'
import type * as work from './modules/work.ts'

const module = new URL('./modules/work.ts', import.meta.url)

const tellAndReturn = async (tell: () => Promise<void>): Promise<number> => {
  await tell()
  return 1
}

/** Runs `body` in a scope that it cancels itself. */
async function cancelled(body: (cancel: () => void) => Promise<unknown>): Promise<void> {
  await expect(timeout(60_000, ({ cancel }) => body(cancel))).rejects.toThrow(CancelledError)
}

const named = <K extends keyof typeof work>(name: K) => ({ module, name })

afterEach(async () => {
  await closeThreads()
  expect(threadStatistics()).toEqual({ threads: 0, running: 0 })
  expect(threadLimiter.statistics()).toMatchObject({ borrowed: 0, waiting: 0 })
})

test('toThread() runs a function that is sent as source, with copies of its arguments', async () => {
  const list = [3, 1, 2]
  const sorted = await toThread((values: number[]) => values.sort((a, b) => a - b), [list])
  expect(sorted).toEqual([1, 2, 3])
  expect(list).toEqual([3, 1, 2])
  expectTypeOf(sorted).toEqualTypeOf<number[]>()
  expect(await toThread(async () => process.argv0)).toBe(process.argv0)
  expect(
    await toThread(
      function plus(a: number, b: number) {
        return a + b
      },
      [1, 2],
    ),
  ).toBe(3)
  expect(await toThread(() => new Map([['a', new Date(0)]]))).toEqual(new Map([['a', new Date(0)]]))
  expect(await toThread(() => undefined)).toBeUndefined()
})

test('toThread() runs exports of modules, in another thread', async () => {
  expect(await toThread<typeof work.default>(module, [21])).toBe(42)
  const id = await toThread<typeof work.whichThread>(named('whichThread'))
  expect(id).toBeGreaterThan(0)
  expect(id).not.toBe((await import('node:worker_threads')).threadId)
  const path = new URL('./modules/work.ts', import.meta.url).pathname
  expect(await toThread<typeof work.default>({ module: path }, [4])).toBe(8)
})

test('toThread() throws what the function threw: class, name, fields, cause and stack', async () => {
  const range = await toThread(named('fail'), ['range']).catch((error: unknown) => error)
  expect(range).toBeInstanceOf(RangeError)
  expect(range).toMatchObject({ message: 'too large', cause: { code: 'ENOSPC' } })
  expect((range as Error).cause).toBeInstanceOf(Error)
  expect((range as Error).stack).toContain('work.ts')
  const own = await toThread(named('fail'), ['own']).catch((error: unknown) => error)
  expect(own).toBeInstanceOf(Error)
  expect(own).toMatchObject({ name: 'ParseError', message: 'bad line', line: 7 })
  await expect(toThread(named('fail'), ['text'])).rejects.toBe('text')
  const timeUp = await toThread(() => {
    throw Object.assign(new Error('late'), { name: 'TimeoutError', code: 'SPOOL_TIMEOUT' })
  }).catch((error: unknown) => error)
  expect(TimeoutError.is(timeUp)).toBe(true)
})

test('toThread() says that a function which was sent sees nothing of what is around it', async () => {
  const outer = 5
  await expect(toThread(() => outer + 1)).rejects.toThrow(
    'outer is not defined; a function that is sent to a thread sees its arguments alone',
  )
})

test('toThread() cancelled ends the thread, though it never awaits, and throws once it is gone', async () => {
  const cells = new Int32Array(new SharedArrayBuffer(8))
  const before = threadsOfProcess()
  await cancelled(async (cancel) => {
    const spinning = toThread<typeof work.spin>(named('spin'), [cells])
    await turnUntil(() => Atomics.load(cells, 1) === 1)
    expect(threadStatistics()).toEqual({ threads: 1, running: 1 })
    cancel()
    await spinning
  })
  expect(threadStatistics()).toEqual({ threads: 0, running: 0 })
  expect(threadsOfProcess()).toBeLessThanOrEqual(before)
})

test('toThread() cancelled while it awaits runs nothing more of it', async () => {
  const cells = new Int32Array(new SharedArrayBuffer(8))
  await cancelled(async (cancel) => {
    const waiting = toThread<typeof work.forever>(named('forever'), [cells])
    await turnUntil(() => Atomics.load(cells, 1) === 1)
    cancel()
    await waiting
  })
  expect(Atomics.load(cells, 0)).toBe(0)
})

test('toThread() in a cancelled scope starts no thread', async () => {
  await cancelled(async (cancel) => {
    cancel()
    await toThread(() => 1)
  })
  expect(threadStatistics().threads).toBe(0)
})

test('toThread() that is cancelled in the line or while its thread starts leaves nothing', async () => {
  const cells = new Int32Array(new SharedArrayBuffer(8))
  const limiter = new CapacityLimiter(1)
  await taskGroup(async (group) => {
    const first = group.spawn(() => toThread<typeof work.spin>(named('spin'), [cells], { limiter }))
    await turnUntil(() => Atomics.load(cells, 1) === 1)
    const second = group.spawn(() => toThread(() => 2, [], { limiter }))
    await turnUntil(() => limiter.statistics().waiting === 1)
    second.cancel()
    await turnUntil(() => limiter.statistics().waiting === 0)
    expect(limiter.statistics().borrowed).toBe(1)
    first.cancel()
  })
  expect(limiter.statistics()).toMatchObject({ borrowed: 0, waiting: 0 })
  await closeThreads()
  await cancelled(async (cancel) => {
    const result = toThread(() => 1)
    await turnUntil(() => threadStatistics().threads === 1)
    cancel()
    await result
  })
})

test('toThread() runs as many at a time as the limiter says', async () => {
  const limiter = new CapacityLimiter(2)
  let most = 0
  const started = fromThread(() => {
    most = Math.max(most, threadStatistics().running)
  })
  const results = await gather(
    ...Array.from({ length: 6 }, () => () => toThread(tellAndReturn, [started], { limiter })),
  )
  expect(results).toEqual([1, 1, 1, 1, 1, 1])
  expect(most).toBeLessThanOrEqual(2)
  const both = await Promise.all([toThread(() => 1), toThread(() => 2)])
  expect(both).toEqual([1, 2])
})

test('toThread() hands over what is to be transferred, both ways', async () => {
  const data = new Uint8Array(1_000_000).fill(1)
  const size = await toThread((bytes: Uint8Array) => bytes.length, [data], {
    transfer: [data.buffer],
  })
  expect(size).toBe(1_000_000)
  expect(data.length).toBe(0)

  const limiter = new CapacityLimiter(1)
  const copied = await toThread<typeof work.bytes>(named('bytes'), [100_000], { limiter })
  expect(copied.data).toHaveLength(100_000)
  expect(await toThread(named('keptSize'), [], { limiter })).toBe(100_000)
  const options = { limiter, transferResult: true }
  const moved = await toThread<typeof work.bytes>(named('bytes'), [100_000], options)
  expect(moved.data).toHaveLength(100_000)
  expect(moved.data[99_999]).toBe(7)
  expect(await toThread(named('keptSize'), [], { limiter })).toBe(0)
  expect(await toThread(() => Buffer.from('small'), [], options)).toEqual(
    new Uint8Array(Buffer.from('small')),
  )
})

test('toThread() says what can not be sent', async () => {
  await expect(toThread((f: () => void) => f, [() => undefined])).rejects.toThrow(
    /Cannot send an argument to a thread: .* functions are sent by fromThread\(\)/,
  )
  await expect(toThread(() => () => 1)).rejects.toMatchObject({
    code: 'SPOOL_THREAD',
    message:
      'Running in a thread failed: its result can not be sent: structured clone does not take it',
  })
  await expect(toThread(() => Symbol('x'))).rejects.toThrow(ThreadError)
  await expect(toThread({ module, name: 'notAFunction' })).rejects.toThrow(
    'it is no function there',
  )
  await expect(toThread({ module, name: 'absent' })).rejects.toThrow(TypeError)
  await expect(toThread({ module: '/no/such/module.js' })).rejects.toMatchObject({
    code: 'ERR_MODULE_NOT_FOUND',
  })
})

test('toThread() fails when the thread ends before the function, and the next one has a thread', async () => {
  await expect(toThread(named('leave'), [3])).rejects.toMatchObject({
    code: 'SPOOL_THREAD',
    message: 'Running in a thread failed: the thread ended with exit code 3',
  })
  await expect(toThread(named('throwLater'))).rejects.toMatchObject({
    code: 'SPOOL_THREAD',
    cause: { message: 'nobody catches this' },
  })
  expect(await toThread(() => 1)).toBe(1)
})

test('closeThreads() fails what runs', async () => {
  const cells = new Int32Array(new SharedArrayBuffer(8))
  const spinning = expect(toThread(named('spin'), [cells])).rejects.toThrow(
    'the threads were closed',
  )
  await turnUntil(() => Atomics.load(cells, 1) === 1)
  await Promise.all([closeThreads(), closeThreads()])
  await spinning
})

test('fromThread() calls back into this thread, in the scope of the call', async () => {
  const scopes = new Set<unknown>()
  const tell = fromThread(async (n: number) => {
    scopes.add(currentScope())
    await sleep(0)
    return n * 10
  })
  expect(await toThread<typeof work.callBack>(named('callBack'), [tell, 4])).toBe(60)
  expect(scopes.size).toBe(1)
  expect(await tell(3)).toBe(30)
})

test('fromThread() takes what the function throws over there, and what it can not send', async () => {
  const throwing = fromThread(() => {
    throw Object.assign(new RangeError('no'), { code: 'E_NO' })
  })
  expect(await toThread<typeof work.whatItThrew>(named('whatItThrew'), [throwing])).toBe(
    'RangeError E_NO: no',
  )
  const odd = fromThread(async () => (() => undefined) as unknown as undefined)
  expect(await toThread<typeof work.whatItThrew>(named('whatItThrew'), [odd])).toContain(
    'could not be cloned',
  )
})

test('fromThread() is cancelled with the call, and when the function does not wait for it', async () => {
  const ended: string[] = []
  const endless = fromThread(async () => {
    try {
      await sleep(2 ** 30)
    } catch (error) {
      ended.push((error as Error).name)
      throw error
    }
  })
  expect(await toThread<typeof work.callAndLeave>(named('callAndLeave'), [endless])).toBe('left')
  expect(ended).toEqual(['CancelledError'])
  const started = Promise.withResolvers<void>()
  const waits = fromThread(async () => {
    started.resolve()
    await endless()
  })
  await cancelled(async (cancel) => {
    const waiting = toThread<typeof work.whatItThrew>(named('whatItThrew'), [waits])
    await started.promise
    cancel()
    await waiting
  })
  expect(ended).toEqual(['CancelledError', 'CancelledError'])
})

test('the threads end with the outermost group that used them, and others keep theirs', async () => {
  await taskGroup(async () => {
    await taskGroup(async () => void (await toThread(() => 1)))
    expect(threadStatistics().threads).toBe(1)
  })
  expect(threadStatistics()).toEqual({ threads: 0, running: 0 })
  expect(await run(() => toThread(() => 5), { signals: false })).toBe(5)
  expect(threadStatistics().threads).toBe(0)
  const cells = new Int32Array(new SharedArrayBuffer(8))
  const longer = taskGroup(() => toThread<typeof work.spin>(named('spin'), [cells]))
  await turnUntil(() => Atomics.load(cells, 1) === 1)
  await taskGroup(() => toThread(() => 1))
  expect(threadStatistics().running).toBe(1)
  Atomics.store(cells, 0, 1)
  await longer
  expect(threadStatistics().threads).toBe(0)
})

test('toThread() that nobody awaits ends with the task that called it', async () => {
  const cells = new Int32Array(new SharedArrayBuffer(8))
  await taskGroup(async (group) => {
    group.spawn(async () => {
      toThread<typeof work.spin>(named('spin'), [cells]).catch(() => undefined)
      await turnUntil(() => Atomics.load(cells, 1) === 1)
    })
  })
  expect(threadStatistics()).toEqual({ threads: 0, running: 0 })
})

test('a program ends by itself though threads are idle, and with run() none is left', async () => {
  const program = `
    import { toThread, threadStatistics } from 'spool/io'
    import { run } from 'spool'
    console.log(await toThread((n) => n * 2, [21]))
    console.log(await run(() => toThread((n) => n * 2, [4])), threadStatistics().threads)
    await toThread(async () => console.log((await import('node:path')).basename('/over/there')))
  `
  const { stdout } = await runProcess(process.execPath, ['--input-type=module', '-e', program])
  expect(stdout).toBe('42\n8 0\nthere\n')
})

test('toThread() names the package that is missing', async () => {
  await using folder = await temporaryFolder()
  const dist = new URL('../../../dist', import.meta.url).pathname
  await runProcess('cp', ['-r', dist, folder.path])
  const program = `
    const { toThread } = await import(${JSON.stringify(`${folder.path}/dist/io/index.js`)})
    await toThread(() => 1).catch((error) => console.log(error.code, error.message))
  `
  const { stdout } = await runProcess(process.execPath, ['--input-type=module', '-e', program])
  expect(stdout).toBe(
    'SPOOL_MISSING_PACKAGE Running in a thread needs the package "piscina"; run `npm install piscina`\n',
  )
})

test('toThread() says what is wrong with what it is given', async () => {
  const bound = tellAndReturn.bind(undefined)
  await expect(toThread(bound, [async () => undefined])).rejects.toThrow(
    "it can't be sent as source",
  )
  await expect(toThread(CapacityLimiter as unknown as () => void)).rejects.toThrow(TypeError)
  const method = Reflect.get(CapacityLimiter.prototype, 'tryAcquire')
  await expect(toThread(method)).rejects.toThrow('write it as an arrow function')
  await expect(toThread(Math.max, [1])).rejects.toThrow("it can't be sent as source")
  await expect(toThread(5 as unknown as URL)).rejects.toThrow(
    'Cannot run 5 in a thread: expected a function, a URL, or { module, name }',
  )
  await expect(toThread(undefined as unknown as URL)).rejects.toThrow(TypeError)
  await expect(toThread({ module: '' })).rejects.toThrow(TypeError)
  await expect(toThread(() => 1, 5 as unknown as [])).rejects.toThrow('expected an array')
  await expect(toThread(() => 1, [], { limit: 1 } as object)).rejects.toThrow('"limit"')
  expect(() => fromThread(5 as unknown as () => void)).toThrow(TypeError)
})
