import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CancelledError, gather, timeout } from 'spool'
import { ByteStream, memoryPair, runProcess, startServer } from 'spool/io'
import { RedisClient, text } from '../../examples/redis-client/client.ts'
import { encode, readReply, RedisError, RespError } from '../../examples/redis-client/resp.ts'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'
import { type RunningProcess, startProcess, TemporaryFolder } from '../support/processes.ts'
import { describeWithProgram } from '../support/programs.ts'

async function reply(bytes: string): Promise<unknown> {
  const [one, other] = memoryPair({ chunkSize: 1 })
  const [client, server] = [new ByteStream(one), new ByteStream(other)]
  await server.write(bytes)
  server.end()
  try {
    return await readReply(client)
  } finally {
    client.abort()
    server.abort()
  }
}

test('readReply() reads every type of RESP 2', async () => {
  expect(await reply('+OK\r\n')).toBe('OK')
  expect(await reply(':-12\r\n')).toBe(-12)
  expect(await reply('$5\r\na\r\nbc\r\n')).toEqual(Buffer.from('a\r\nbc'))
  expect(await reply('$0\r\n\r\n')).toEqual(Buffer.alloc(0))
  expect(await reply('$-1\r\n')).toBeNull()
  expect(await reply('*-1\r\n')).toBeNull()
  expect(await reply('*3\r\n:1\r\n$-1\r\n*1\r\n-ERR no\r\n')).toEqual([
    1,
    null,
    [new RedisError('ERR no')],
  ])
})

test('readReply() refuses what is no reply, and what is too large', async () => {
  const wrong = [
    '',
    'OK\r\n',
    ':1x\r\n',
    '$3\r\nabcd\r\n',
    '$-2\r\n',
    '$99999999999\r\n',
    '*2\r\n:1\r\n',
  ]
  for (const bytes of [...wrong, '*1\r\n'.repeat(20), '*1000001\r\n']) {
    await expect(reply(bytes), bytes).rejects.toThrow(RespError)
  }
  await expect(reply('$3\r\nab')).rejects.toMatchObject({ code: 'SPOOL_INCOMPLETE_READ' })
})

test('encode() writes commands whose values may hold any bytes', () => {
  const bytes = encode([['SET', 'ä', Uint8Array.of(0, 13, 10)], ['PING']])
  expect(bytes.toString('latin1')).toBe(
    '*3\r\n$3\r\nSET\r\n$2\r\nÃ¤\r\n$3\r\n\0\r\n\r\n*1\r\n$4\r\nPING\r\n',
  )
})

test('RedisClient gives up a connection whose replies can not be told apart any more', async () => {
  let connections = 0
  await using server = await startServer({ host: '127.0.0.1' }, async (stream) => {
    // The first says nothing, the second nonsense, the third leaves, the fourth answers.
    const [first, ...others] = [[], ['what?\r\n'], [], ['+PONG\r\n']][connections++] ?? []
    await stream.readUntil('PING\r\n')
    if (connections === 1) await stream.readAll()
    if (first !== undefined) await stream.write(first)
    await stream.writeLines(others)
    if (connections === 4) await stream.readAll()
  })
  await using redis = new RedisClient({ host: '127.0.0.1', port: server.port, commandTimeout: 100 })
  await expect(redis.command('PING')).rejects.toMatchObject({ code: 'SPOOL_TIMEOUT' })
  await expect(redis.command('PING')).rejects.toThrow(RespError)
  await expect(redis.command('PING')).rejects.toThrow('the server has left')
  expect(await redis.command('PING')).toBe('PONG')
  expect(connections).toBe(4)
})

describeWithProgram('redis-server', 'examples/redis-client', (program) => {
  let folder: TemporaryFolder
  let path: string
  let server: RunningProcess
  let before: string[]

  const start = (): Promise<RunningProcess> => {
    const quiet = ['--port', '0', '--save', '', '--appendonly', 'no', '--dir', folder.path]
    const args = [...quiet, '--unixsocket', path]
    return startProcess(program, { args, ready: /eady to accept connections/ })
  }

  beforeEach(async () => {
    folder = new TemporaryFolder()
    path = join(folder.path, 'redis.sock')
    server = await start()
    before = openResources()
  })

  afterEach(async () => {
    await expectNothingLeft(before)
    await server.stop()
    folder[Symbol.dispose]()
  })

  test('speaks to a real server', async () => {
    await using redis = new RedisClient({ path })
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await redis.set('bytes', bytes)
    expect(await redis.command('GET', 'bytes')).toEqual(Buffer.from(bytes))
    const large = 'x'.repeat(3_000_000)
    await redis.set('large', large)
    expect(await redis.get('large')).toBe(large)
    expect(await redis.get('absent')).toBeUndefined()
    const many = await redis.pipeline(Array.from({ length: 10_000 }, (_, n) => ['ECHO', n]))
    expect(many.map((one) => Number(text(one)))).toEqual(
      Array.from({ length: 10_000 }, (_, n) => n),
    )
    const mixed = await redis.pipeline([
      ['INCR', 'n'],
      ['LPUSH', 'n', 1],
      ['INCR', 'n'],
    ])
    expect(mixed).toEqual([1, expect.any(RedisError), 2])
    await expect(redis.command('NONSENSE')).rejects.toMatchObject({
      name: 'RedisError',
      kind: 'ERR',
    })
  })

  test('uses few connections for many tasks, and none for what is cancelled again', async () => {
    await using redis = new RedisClient({ path, connections: 3 })
    const answers = await gather(
      ...Array.from({ length: 200 }, (_, n) => async () => text(await redis.command('ECHO', n))),
    )
    expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => String(n)))
    const clients = async () =>
      text(await redis.command('CLIENT', 'LIST'))
        .trim()
        .split('\n').length
    expect(await clients()).toBeLessThanOrEqual(3)
    await expect(
      timeout(30, () => redis.command('BLPOP', 'nothing comes here', 0)),
    ).rejects.toMatchObject({ code: 'SPOOL_TIMEOUT' })
    await expect(
      timeout(60_000, async ({ cancel }) => {
        const waiting = redis.command('BLPOP', 'nothing comes here', 0)
        cancel()
        await waiting
      }),
    ).rejects.toThrow(CancelledError)
    expect(await redis.command('PING')).toBe('PONG')
    expect(await clients()).toBeLessThanOrEqual(3)
  })

  test('connects anew when the server was started anew', async () => {
    await using redis = new RedisClient({ path, connections: 1 })
    expect(await redis.command('PING')).toBe('PONG')
    await server.stop()
    await expect(redis.command('PING')).rejects.toMatchObject({
      code: expect.stringMatching(/SPOOL_(CONNECT|BROKEN)/),
    })
    server = await start()
    expect(await redis.command('PING')).toBe('PONG')
  })

  test('prints what it did', async () => {
    const main = new URL('../../examples/redis-client/main.ts', import.meta.url).pathname
    const { stdout } = await runProcess(process.execPath, [main, path])
    expect(stdout).toBe(
      'Hello, Redis!\nnothing: undefined\npipeline: 100\ntasks: 200\nrefused: WRONGTYPE\n',
    )
  })
})
