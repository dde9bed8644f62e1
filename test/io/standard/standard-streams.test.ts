/** In programs of their own: the standard streams of this process are the test runner's. */
import { closeSync, openSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import {
  ByteStream,
  readText,
  runProcess,
  shell,
  stdin,
  subprocess,
  temporaryFolder,
  writeText,
} from 'spool/io'
import { settle } from 'spool/testing'
import { describeWithProgram } from '../../support/programs.ts'
import { StandardTransport } from '../../../src/io/standard/standard-transport.ts'

function args(program: string): string[] {
  const imports = `
    import { run, moveOnAfter } from 'spool'
    import { copyStream, stderr, stdin, stdout } from 'spool/io'
  `
  return ['--input-type=module', '-e', imports + program]
}

const upper = `
  await run(async () => {
    await using input = stdin()
    await using output = stdout()
    for await (const line of input.lines()) await output.write(line.toUpperCase() + '\\n')
  })
  console.log('over')
`

test('stdin() and stdout() work with pipes', async () => {
  const { stdout } = await runProcess(process.execPath, args(upper), { input: 'one\ntwo' })
  expect(stdout).toBe('ONE\nTWO\nover\n')
})

test('stdin() and stdout() work with files', async () => {
  await using folder = await temporaryFolder()
  await writeText(`${folder.path}/in`, `${'x'.repeat(999)}\n`.repeat(200) + 'end')
  const stdio = [openSync(`${folder.path}/in`, 'r'), openSync(`${folder.path}/out`, 'w')]
  const child = spawn(process.execPath, args(upper), { stdio: [...stdio, 'inherit'] })
  for (const descriptor of stdio) closeSync(descriptor)
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(await readText(`${folder.path}/out`)).toBe(
    `${'X'.repeat(999)}\n`.repeat(200) + 'END\nover\n',
  )
})

test('a program ends after it has used stdin(), though that stays open', async () => {
  await using child = await subprocess(
    process.execPath,
    args(`
      console.log(await stdin().readLine())
      console.log((await moveOnAfter(20, () => stdin().readLine())).timedOut)
    `),
  )
  await child.stdin?.write('first\nsecond, which nobody reads')
  expect(await child.stdout?.readLine()).toBe('first')
  expect(await child.stdout?.readLine()).toBe('true')
  expect(await child.wait()).toEqual({ exitCode: 0, signal: null })
})

test('stdin() gives the same stream until it is closed, and what comes then to the next', async () => {
  await using child = await subprocess(
    process.execPath,
    args(`
      console.log(stdin() === stdin(), await stdin().readLine(), await stdin().readLine())
      await stdin().close()
      console.log(await stdin().readLine())
      console.log(await stdin().readLine(), stdin().atEnd)
    `),
  )
  await child.stdin?.write('a\nb\n')
  expect(await child.stdout?.readLine()).toBe('true a b')
  await child.stdin?.write('c\n')
  expect(await child.stdout?.readLine()).toBe('c')
  child.stdin?.end()
  expect(await child.stdout?.readLine()).toBe('undefined true')
})

test('stdout() waits for its reader, and keeps the order with console.log()', async () => {
  await using child = await subprocess(
    process.execPath,
    args(`
      const output = stdout()
      console.log('first')
      let over = false
      const written = output.write(Buffer.alloc(1_000_000, 'x')).then(() => (over = true))
      await new Promise((resolve) => setTimeout(resolve, 50))
      await stderr().write(over + ' ' + (output.statistics().unsent > 0) + '\\n')
      await written
      console.log('last')
      await output.close()
    `),
  )
  expect(await child.stderr?.readLine()).toBe('false true')
  expect(await child.stdout?.readLine()).toBe('first')
  const rest = Buffer.from((await child.stdout?.readAll()) ?? '').toString()
  expect(rest.length).toBe(1_000_005)
  expect(rest.endsWith('xlast\n')).toBe(true)
})

test('write() of stdout() throws when its reader has left, and the program goes on', async () => {
  await using child = await shell(`"$NODE" --input-type=module -e "$PROGRAM" | head -c 5`, {
    environment: {
      PATH: process.env['PATH'] ?? '',
      NODE: process.execPath,
      PROGRAM: args(`
          try {
            for (;;) await stdout().write('x'.repeat(10_000))
          } catch (error) {
            console.log('into nothing')
            await stderr().write(error.code + ' ' + error.message + ' ' + error.cause.code + '\\n')
          }
        `)[2] as string,
    },
  })
  const { stdout, stderr } = await child.communicate()
  expect(Buffer.from(stdout).toString()).toBe('xxxxx')
  expect(Buffer.from(stderr).toString()).toBe(
    'SPOOL_BROKEN Connection broken: the peer has closed the connection (EPIPE) EPIPE\n',
  )
})

const closing = (options: string): string[] =>
  args(`
    const output = stdout(${options})
    await output.write('hello\\n')
    await output.close()
    console.log('more')
    await stdout().write('and more\\n').catch((error) => stderr().write(error.code))
    await stdin().readAll()
  `)

test('close() leaves descriptors open, unless it is told to close them', async () => {
  await using child = await subprocess(process.execPath, closing('{ closeDescriptor: true }'))
  expect(Buffer.from((await child.stdout?.readAll()) ?? '').toString()).toBe('hello\n')
  expect(child.status).toBeUndefined()
  child.stdin?.end()
  expect(await child.wait()).toEqual({ exitCode: 0, signal: null })
  const { stdout } = await runProcess(process.execPath, closing(''), { input: '' })
  expect(stdout).toBe('hello\nmore\nand more\n')
})

test('copyStream() from stdin() to stdout() moves megabytes', async () => {
  await using child = await subprocess(
    process.execPath,
    args(`console.error(await copyStream(stdin(), stdout()))`),
  )
  const input = Buffer.alloc(3_000_000, 'spool')
  const { stdout, stderr } = await child.communicate({ input })
  expect(Buffer.from(stdout).equals(input)).toBe(true)
  expect(Buffer.from(stderr).toString()).toBe('3000000\n')
})

test('a standard stream that is lent has its listeners back, and nothing else is done to it', async () => {
  const pipe = new PassThrough()
  const listeners = () =>
    pipe.eventNames().map((name) => `${String(name)} ${pipe.listenerCount(name)}`)
  const once = new StandardTransport({ readable: pipe, closes: undefined })
  new ByteStream(once, { highWaterMark: 0 }).abort()
  await settle()
  const before = listeners()
  for (let round = 0; round < 3; round++) {
    const stream = new ByteStream(new StandardTransport({ readable: pipe, closes: undefined }), {
      highWaterMark: 0,
    })
    pipe.write('x')
    expect(await stream.read()).toEqual(Buffer.from('x'))
    await stream.close()
    expect(stream.closed).toBe(true)
    expect(listeners()).toEqual(before)
    expect(pipe.destroyed).toBe(false)
  }
  await expect(
    new ByteStream(new StandardTransport({ writable: pipe, closes: undefined })).startTLS({}),
  ).rejects.toMatchObject({ phase: 'tls' })
  pipe.destroy()
})

describeWithProgram('script', 'stdin() and stdout() on a terminal', (script) => {
  test('read and write lines', async () => {
    await using child = await subprocess(script, ['-qec', '"$NODE" -e "$PROGRAM"', '/dev/null'], {
      environment: {
        PATH: process.env['PATH'] ?? '',
        NODE: process.execPath,
        PROGRAM: `
          import('spool/io').then(async ({ stdin, stdout }) => {
            await stdout().write('terminals: ' + process.stdin.isTTY + process.stdout.isTTY + '\\n')
            await stdout().write('got ' + (await stdin().readLine()) + '\\n')
          })
        `,
      },
    })
    expect(await child.stdout?.readLine()).toBe('terminals: truetrue')
    await child.stdin?.write('a line\n')
    const rest = Buffer.from((await child.stdout?.readAll()) ?? '').toString()
    expect(rest).toContain('got a line')
    expect((await child.wait()).exitCode).toBe(0)
  })
})

test('stdin() refuses options that there are not', () => {
  expect(() => stdin({ close: true } as object)).toThrow('"close"')
})
