import { existsSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { moveOnAfter, sleep, taskGroup, timeout } from 'spool'
import { runProcess, shell, subprocess, temporaryFolder } from 'spool/io'
import { expectNothingLeft, openResources, turnUntil } from '../../support/open-resources.ts'

let before: string[]

beforeEach(() => {
  before = openResources()
})

afterEach(async () => {
  await expectNothingLeft(before)
  expect(children()).toEqual([])
})

/** The processes that this thread has started, zombies too; those of other tests are other threads'. */
function children(): string[] {
  return readFileSync('/proc/thread-self/children', 'utf8').split(' ').filter(Boolean)
}

const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`)

test('subprocess() reads and writes lines with a running program', async () => {
  await using cat = await subprocess('cat')
  await cat.stdin?.write('one\n')
  expect(await cat.stdout?.readLine()).toBe('one')
  await cat.stdin?.write('two\n')
  expect(await cat.stdout?.readLine()).toBe('two')
  expect(children()).toEqual([String(cat.pid)])
  cat.stdin?.end()
  expect(await cat.wait()).toEqual({ exitCode: 0, signal: null })
  expect(cat.status).toEqual({ exitCode: 0, signal: null })
  expect(await cat.wait()).toEqual({ exitCode: 0, signal: null })
  expect(cat.signal('SIGTERM')).toBe(false)
})

test('communicate() writes and reads at once, more than any pipe holds', async () => {
  await using cat = await subprocess('cat')
  const input = Buffer.alloc(3_000_000, 'spool')
  const output = await cat.communicate({ input })
  expect(Buffer.from(output.stdout).equals(input)).toBe(true)
  expect(output).toMatchObject({ exitCode: 0, signal: null, stderr: Buffer.alloc(0) })
})

async function* endless(): AsyncGenerator<string, void> {
  for (;;) yield 'x'.repeat(10_000)
}

test('communicate() takes no harm from a process that does not read its input', async () => {
  await using head = await subprocess('head', ['-c', '3'])
  const { stdout } = await head.communicate({ input: endless() })
  expect(Buffer.from(stdout).toString()).toBe('xxx')
})

test('communicate() refuses more than its limit, and the process is ended', async () => {
  await using yes = await subprocess('yes')
  await expect(yes.communicate({ limit: 1000 })).rejects.toMatchObject({ code: 'SPOOL_LIMIT' })
})

test('shell() runs a command line, in a folder and with an environment', async () => {
  await using folder = await temporaryFolder()
  await using command = await shell('pwd; echo "$GREETING" >&2', {
    folder: folder.path,
    environment: { GREETING: 'hello', PATH: process.env['PATH'] ?? '' },
  })
  const { stdout, stderr } = await command.communicate()
  expect(Buffer.from(stdout).toString().trim()).toBe(folder.path)
  expect(Buffer.from(stderr).toString()).toBe('hello\n')
})

test('close() asks to end, and the status tells by which signal', async () => {
  const sleeping = await subprocess('sleep', ['60'])
  await sleeping.close()
  expect(sleeping.status).toEqual({ exitCode: null, signal: 'SIGTERM' })
  await sleeping.close()
})

test('a process that does not end when it is asked to is killed after its grace', async () => {
  const stubborn = await shell('trap "" TERM; echo ready; while :; do sleep 0.01; done', {
    grace: 50,
  })
  expect(await stubborn.stdout?.readLine()).toBe('ready')
  await stubborn.close()
  expect(stubborn.status).toEqual({ exitCode: null, signal: 'SIGKILL' })
})

test('a process that cleans up within its grace ends by itself', async () => {
  await using polite = await shell(
    'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.01; done',
  )
  expect(await polite.stdout?.readLine()).toBe('ready')
  polite.terminate()
  expect(await polite.stdout?.readLine()).toBe('bye')
  expect(await polite.wait()).toEqual({ exitCode: 3, signal: null })
})

test('the scope that started a process ends it when it is cancelled, and waits until it is gone', async () => {
  let pid = 0
  const result = await moveOnAfter(100, async () => {
    const sleeping = await subprocess('sleep', ['60'], {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    })
    pid = sleeping.pid
    await sleeping.wait()
  })
  expect(result.timedOut).toBe(true)
  await turnUntil(() => !isThere(pid))
})

test('a task that ends leaves no process behind, though nobody closed it', async () => {
  let pid = 0
  await taskGroup(async (group) => {
    group.spawn(async () => {
      pid = (
        await subprocess('sleep', ['60'], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' })
      ).pid
    })
  })
  expect(pid).toBeGreaterThan(0)
  expect(isThere(pid)).toBe(false)
})

test('what a process has started ends with it', async () => {
  const parent = await shell('sleep 60 & echo $!; wait')
  const grandchild = Number(await parent.stdout?.readLine())
  expect(isThere(grandchild)).toBe(true)
  await parent.close()
  await turnUntil(() => !isThere(grandchild))

  const leaving = await shell('sleep 60 >/dev/null 2>&1 & echo $!')
  const orphan = Number(await leaving.stdout?.readLine())
  expect(await leaving.wait()).toEqual({ exitCode: 0, signal: null })
  await turnUntil(() => !isThere(orphan))
  await leaving.close()
})

test('kill() ends at once, and signal() sends any', async () => {
  await using one = await subprocess('sleep', ['60'])
  one.kill()
  expect(await one.wait()).toEqual({ exitCode: null, signal: 'SIGKILL' })
  await using other = await shell('trap "exit 7" USR1; echo ready; while :; do sleep 0.01; done')
  await other.stdout?.readLine()
  expect(other.signal('SIGUSR1')).toBe(true)
  expect(await other.wait()).toEqual({ exitCode: 7, signal: null })
})

test('wait() that is cancelled elsewhere leaves the process alone', async () => {
  await using cat = await subprocess('cat')
  expect((await moveOnAfter(5, () => cat.wait())).timedOut).toBe(true)
  await cat.stdin?.write('still here\n')
  expect(await cat.stdout?.readLine()).toBe('still here')
})

test('subprocess() says why it can not start', async () => {
  await expect(subprocess('/no/such/program', ['x'])).rejects.toMatchObject({
    code: 'SPOOL_PROCESS',
    message: 'Running "/no/such/program x" failed: no such file (ENOENT)',
  })
  await expect(subprocess('cat', [], { folder: '/no/such' })).rejects.toMatchObject({
    code: 'SPOOL_PROCESS',
  })
  await expect(subprocess('cat', [], { grace: -1 })).rejects.toThrow('Invalid grace -1')
  await expect(subprocess('a\0b')).rejects.toThrow(TypeError)
  await moveOnAfter(0, async ({ cancel }) => {
    cancel()
    await expect(subprocess('cat')).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
  })
})

test('runProcess() returns what a program wrote, and throws how it failed', async () => {
  expect(await runProcess('tr', ['a-z', 'A-Z'], { input: 'hello' })).toEqual({
    stdout: 'HELLO',
    stderr: '',
    exitCode: 0,
    signal: null,
  })
  await expect(runProcess('sh', ['-c', 'echo no good >&2; exit 4'])).rejects.toMatchObject({
    code: 'SPOOL_PROCESS',
    message: 'Running "sh -c echo no good >&2; exit 4" failed: it exited with 4',
    exitCode: 4,
    stderr: 'no good\n',
  })
  await expect(runProcess('sh', ['-c', 'kill -9 $$'])).rejects.toThrow('it was ended by SIGKILL')
  expect(await runProcess('false', [], { check: false })).toMatchObject({ exitCode: 1 })
  await expect(runProcess('cat', [], { input: 'x', limit: 0 })).rejects.toMatchObject({
    code: 'SPOOL_LIMIT',
  })
})

test('runProcess() ends what takes longer than its timeout', async () => {
  await expect(runProcess('sleep', ['60'], { timeout: 30 })).rejects.toMatchObject({
    code: 'SPOOL_TIMEOUT',
  })
  await expect(timeout(30, () => runProcess('sleep', ['60']))).rejects.toMatchObject({
    code: 'SPOOL_TIMEOUT',
  })
})

test(
  'a hundred processes, half of them cancelled, leave no zombie',
  { timeout: 60_000 },
  async () => {
    const ended: number[] = []
    await taskGroup(async (group) => {
      for (let index = 0; index < 100; index++) {
        group.spawn(async () => {
          await moveOnAfter(index % 2 === 0 ? 5 : 30_000, async () => {
            await using child = await subprocess(
              index % 2 === 0 ? 'sleep' : 'true',
              index % 2 === 0 ? ['60'] : [],
            )
            await child.wait()
          })
          ended.push(index)
        })
        if (index % 16 === 15) await sleep(1)
      }
    })
    expect(ended).toHaveLength(100)
  },
)

test('a program that exits leaves no process behind', async () => {
  const program = `
    import { subprocess } from 'spool/io'
    const child = await subprocess('sleep', ['60'], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' })
    console.log(child.pid)
    process.exit(0)
  `
  const { stdout } = await runProcess(process.execPath, ['--input-type=module', '-e', program])
  await turnUntil(() => !isThere(Number(stdout)))
  expect(Number(stdout)).toBeGreaterThan(0)
})
