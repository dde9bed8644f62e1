import { afterEach, expect, test } from 'vitest'
import { CancelledError, gather, sleep, taskGroup, timeout } from 'spool'
import { runProcess, type Signals, signals, subprocess } from 'spool/io'
import { settle } from 'spool/testing'

const names = ['SIGHUP', 'SIGUSR2', 'SIGWINCH'] as const

afterEach(() => {
  for (const name of names) expect(process.listenerCount(name)).toBe(0)
})

/** As if it came from the system, which gives signals to the first thread alone. */
function raise(name: (typeof names)[number]): void {
  process.emit(name, name)
}

async function first(from: Signals): Promise<string | undefined> {
  return (await from.next()).value
}

test('signals() gives what comes while somebody waits, and what came before', async () => {
  using received = signals('SIGHUP', 'SIGUSR2')
  raise('SIGUSR2')
  raise('SIGHUP')
  expect(await first(received)).toBe('SIGUSR2')
  expect(await first(received)).toBe('SIGHUP')
  const waiting = first(received)
  await settle()
  raise('SIGHUP')
  expect(await waiting).toBe('SIGHUP')
})

test('signals() gives one that comes again before it was taken once', async () => {
  using received = signals('SIGHUP', 'SIGUSR2')
  for (let count = 0; count < 1000; count++) raise('SIGHUP')
  raise('SIGUSR2')
  expect(await first(received)).toBe('SIGHUP')
  expect(await first(received)).toBe('SIGUSR2')
  const waiting = first(received)
  received.close()
  expect(await waiting).toBeUndefined()
})

test('signals() gives each signal to one of those who wait, in their order', async () => {
  using received = signals('SIGHUP', 'SIGUSR2')
  const both = gather(
    () => first(received),
    () => first(received),
  )
  await settle()
  raise('SIGHUP')
  raise('SIGUSR2')
  expect(await both).toEqual(['SIGHUP', 'SIGUSR2'])
})

test('signals() stops to listen when its loop is left, and when it is disposed of', async () => {
  const received = signals('SIGHUP')
  raise('SIGHUP')
  for await (const name of received) {
    expect(name).toBe('SIGHUP')
    break
  }
  expect(received.closed).toBe(true)
  expect(process.listenerCount('SIGHUP')).toBe(0)
  expect(await received.next()).toEqual({ value: undefined, done: true })
  {
    using _other = signals('SIGHUP')
    expect(process.listenerCount('SIGHUP')).toBe(1)
  }
})

test('signals() stops to listen when its task is over, or its scope is cancelled', async () => {
  await taskGroup(async (group) => {
    group.spawn(() => void signals('SIGHUP'))
    const waiting = group.spawn(async () => {
      for await (const _name of signals('SIGUSR2')) continue
    })
    await settle()
    expect(process.listenerCount('SIGHUP')).toBe(0)
    expect(process.listenerCount('SIGUSR2')).toBe(1)
    waiting.cancel()
    await settle()
    expect(process.listenerCount('SIGUSR2')).toBe(0)
  })
})

test('next() that is cancelled has taken nothing', async () => {
  using received = signals('SIGHUP')
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length
  await expect(
    timeout(60_000, async ({ cancel }) => {
      const waiting = received.next()
      cancel()
      await waiting
    }),
  ).rejects.toThrow(CancelledError)
  await settle()
  const after = process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length
  expect(after).toBeLessThanOrEqual(before)
  raise('SIGHUP')
  expect(await first(received)).toBe('SIGHUP')
})

test('signals() refuses what can not be listened to, and listens to nothing in a cancelled scope', async () => {
  expect(() => signals()).toThrow('Cannot listen to no signal')
  for (const name of ['SIGKILL', 'SIGSTOP', 'SIGNAL', 'toString', 9]) {
    expect(() => signals(name as NodeJS.Signals)).toThrow(TypeError)
  }
  expect(() => signals('SIGHUP', 'HUP' as NodeJS.Signals)).toThrow(
    'Cannot listen to "HUP": expected a signal such as "SIGHUP"',
  )
  await expect(
    timeout(1_000, async ({ cancel }) => {
      cancel()
      signals('SIGHUP')
      await sleep(0)
    }),
  ).rejects.toThrow(CancelledError)
})

const program = `
  import { run } from 'spool'
  import { signals } from 'spool/io'
  await run(async () => {
    const received = signals('SIGHUP', 'SIGUSR1')
    console.log('ready')
    let count = 0
    for await (const name of received) {
      console.log(name)
      if (++count === 2) break
    }
  })
  console.log('over')
`
const nodeArgs = ['--input-type=module', '-e', program]

test('a program that waits for a signal goes on until it comes, and ends by itself then', async () => {
  await using child = await subprocess(process.execPath, nodeArgs, { stdin: 'ignore' })
  expect(await child.stdout?.readLine()).toBe('ready')
  child.signal('SIGUSR1')
  expect(await child.stdout?.readLine()).toBe('SIGUSR1')
  child.signal('SIGHUP')
  expect(await child.stdout?.readLine()).toBe('SIGHUP')
  expect(await child.stdout?.readLine()).toBe('over')
  expect(await child.wait()).toEqual({ exitCode: 0, signal: null })
})

test('run() cancels a loop over signals by SIGTERM', async () => {
  await using child = await subprocess(process.execPath, nodeArgs, { stdin: 'ignore' })
  expect(await child.stdout?.readLine()).toBe('ready')
  child.signal('SIGTERM')
  expect(await child.wait()).toEqual({ exitCode: 143, signal: null })
})

test('signals("SIGINT") has the signal for itself where run() does not listen', async () => {
  const own = `
    import { run } from 'spool'
    import { signals } from 'spool/io'
    await run(async () => {
      using received = signals('SIGINT')
      process.kill(process.pid, 'SIGINT')
      for await (const name of received) {
        console.log(name)
        break
      }
    }, { signals: false })
    console.log('over')
  `
  const { stdout } = await runProcess(process.execPath, ['--input-type=module', '-e', own])
  expect(stdout).toBe('SIGINT\nover\n')
})
