import { afterEach, beforeEach, expect, test } from 'vitest'
import { Barrier, callLater, moveOnAfter, now, run, sleep, taskGroup } from 'spool'
import { type ByteStream, openConnection, startServer } from 'spool/io'
import { certificates } from '../../support/certificates.ts'
import { expectNothingLeft, openResources } from '../../support/open-resources.ts'

let before: string[]

beforeEach(() => {
  before = openResources()
})

afterEach(async () => {
  await expectNothingLeft(before)
})

const local = { host: '127.0.0.1' }

async function echo(stream: ByteStream): Promise<void> {
  for await (const line of stream.lines()) await stream.write(`${line}\n`)
}

test('startServer() serves several connections at once, and close() ends them all', async () => {
  await using server = await startServer(local, echo)
  const { port } = server
  const streams = await Promise.all([1, 2, 3].map(() => openConnection({ ...local, port })))
  await Promise.all(streams.map((stream, index) => stream.write(`${index}\n`)))
  expect(await Promise.all(streams.map((stream) => stream.readLine()))).toEqual(['0', '1', '2'])
  expect(server.statistics()).toMatchObject({ connections: 3, accepted: 3 })
  expect(server.address).toBe(`127.0.0.1:${port}`)
  const closed = server.closed
  await server.close({ deadline: now() })
  await closed
  expect(
    await Promise.all(streams.map((stream) => stream.readLine().catch(() => 'broken'))),
  ).toEqual(expect.not.arrayContaining(['0']))
  for (const stream of streams) await stream.close()
})

test('close() lets a handler finish before its deadline', async () => {
  const answered = Promise.withResolvers<void>()
  const server = await startServer(local, async (stream) => {
    await stream.readLine()
    answered.resolve()
    await sleep(10)
    await stream.write('done\n')
  })
  await using stream = await openConnection({ ...local, port: server.port })
  await stream.write('go\n')
  await answered.promise
  const closing = server.close()
  expect(await stream.readLine()).toBe('done')
  await stream.close()
  await closing
  await server.closed
})

test('a handler that fails takes its own connection along and tells onError', async () => {
  const errors: unknown[] = []
  await using server = await startServer(
    { ...local, onError: (error) => errors.push(error) },
    async (stream) => {
      if ((await stream.readLine()) === 'fail') throw new Error('as told')
      await stream.write('fine\n')
    },
  )
  const { port } = server
  await using bad = await openConnection({ ...local, port })
  await using good = await openConnection({ ...local, port })
  await bad.write('fail\n')
  await expect(bad.read()).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
  await good.write('go on\n')
  expect(await good.readLine()).toBe('fine')
  expect(errors).toEqual([new Error('as told')])
})

test('without onError, a failure reaches the group around; a peer that leaves is none', async () => {
  const serving = taskGroup(async () => {
    await using server = await startServer(local, async (stream) => {
      await stream.readExactly(2)
      throw new Error('for the group')
    })
    const { port } = server
    const leaving = await openConnection({ ...local, port })
    await leaving.write('x')
    await leaving.close()
    await using failing = await openConnection({ ...local, port })
    await failing.write('xy')
    await sleep(60_000)
  })
  await expect(serving).rejects.toMatchObject({
    code: 'SPOOL_TASK_GROUP',
    errors: [new Error('for the group')],
  })
})

test('a server is closed and its handlers are cancelled with the scope that started it', async () => {
  let cancelled = false
  let port = 0
  await moveOnAfter(30, async () => {
    const server = await startServer(local, async (stream) => {
      try {
        await stream.read()
      } finally {
        cancelled = true
      }
    })
    port = server.port
    await openConnection({ ...local, port })
    await sleep(60_000)
  })
  await expectNothingLeft(before)
  expect(cancelled).toBe(true)
  await expect(openConnection({ ...local, port })).rejects.toMatchObject({ code: 'SPOOL_CONNECT' })
})

test('startServer() speaks TLS, and startTLS() upgrades a connection to it', async () => {
  await using server = await startServer({ ...local, tls: certificates.localhost }, echo)
  const { port } = server
  const tls = { ca: certificates.ca, servername: 'localhost' }
  await using direct = await openConnection({ ...local, port, tls })
  await direct.write('direct\n')
  expect(await direct.readLine()).toBe('direct')
  const plain = await openConnection({ ...local, port })
  await using upgraded = await plain.startTLS(tls)
  await upgraded.write('upgraded\n')
  expect(await upgraded.readLine()).toBe('upgraded')
  expect(plain.closed).toBe(true)
})

test('startServer() refuses a handler that is none, and an address that is taken', async () => {
  await expect(startServer(local, undefined as never)).rejects.toThrow('expected a function')
  await using server = await startServer(local, echo)
  await expect(startServer({ ...local, port: server.port }, echo)).rejects.toMatchObject({
    code: 'SPOOL_LISTEN',
  })
})

test('run() ends a server at its end', async () => {
  const port = await run(async () => {
    await using server = await startServer(local, echo)
    return server.port
  })
  expect(port).toBeGreaterThan(0)
})

test('close() in a handler waits for the other handlers, and closed for that one too', async () => {
  const order: string[] = []
  const entered = Promise.withResolvers<void>()
  const server = await startServer(local, async (stream) => {
    const line = await stream.readLine()
    if (line === 'stay') {
      entered.resolve()
      try {
        await sleep(Infinity)
      } finally {
        order.push('the other was cancelled')
      }
    }
    await server.close({ deadline: now() })
    order.push('closed')
    await stream.write('bye\n')
  })
  const over = server.closed.then(() => order.push('over'))
  const streams = await Promise.all(
    [1, 2].map(() => openConnection({ ...local, port: server.port })),
  )
  await streams[0]?.write('stay\n')
  await entered.promise
  await streams[1]?.write('close\n')
  // It has its say still, and its own wait did not throw.
  expect(await streams[1]?.readLine()).toBe('bye')
  for (const stream of streams) await stream.close()
  await over
  expect(order).toEqual(['the other was cancelled', 'closed', 'over'])
  await server.close()
})

test('close() in all handlers at once, and outside as well, ends for all of them', async () => {
  const barrier = new Barrier(3)
  const server = await startServer(local, async (stream) => {
    await stream.readLine()
    await barrier.wait()
    await taskGroup((group) => void group.spawn(() => server.close()))
    await stream.write('bye\n')
  })
  const streams = await Promise.all(
    [1, 2, 3].map(() => openConnection({ ...local, port: server.port })),
  )
  for (const stream of streams) await stream.write('close\n')
  expect(await Promise.all(streams.map((stream) => stream.readLine()))).toEqual([
    'bye',
    'bye',
    'bye',
  ])
  await Promise.all([...streams.map((stream) => stream.close()), server.close(), server.closed])
})

test('a failure that is lost in a handler which closes its server reaches the group around', async () => {
  const lost = taskGroup(async () => {
    const server = await startServer(local, async (stream) => {
      await stream.readLine()
      callLater(0, () => {
        throw new Error('late')
      })
      await server.close()
      await sleep(Infinity)
    })
    await using stream = await openConnection({ ...local, port: server.port })
    await stream.write('close\n')
    await server.closed
  })
  await expect(lost).rejects.toMatchObject({
    errors: [{ errors: [{ message: 'late' }] }],
  })
})
