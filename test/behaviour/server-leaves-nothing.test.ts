import { AsyncEvent, now, run, sleep } from 'spool'
import { Application, serve, stream, text } from 'spool/server'
import { afterEach, expect, test } from 'vitest'
import { expectNothingLeft, openResources, turnUntil } from '../support/open-resources.ts'
import { rawClient } from '../support/raw-client.ts'
import { get, post } from '../support/requests.ts'

const never = new AsyncEvent()

const app = new Application()
  .get('/', () => text('root'))
  .get('/wait', async () => {
    await never.wait()
    return text('')
  })
  .get('/stream', () =>
    stream(
      (async function* () {
        for (;;) yield 'x'.repeat(10_000)
      })(),
    ),
  )
  .post('/read', async (request) => text(await request.text()))

// What clients do at their worst.
const requests = [
  get('/'),
  '',
  'GET / HT',
  get('/wait'),
  get('/stream'),
  post('/read', 'abc').slice(0, -1),
  'nonsense\r\n\r\n',
  get('/').repeat(200),
  `${get('/wait')}${get('/').repeat(500)}`,
]

test('a server that is closed hangs for no client, and leaves nothing behind', async () => {
  const before = openResources()
  await run(
    async () => {
      const server = await serve(app, { host: '127.0.0.1', onError: () => undefined })
      const clients = await Promise.all(requests.map(() => rawClient({ port: server.port })))
      for (const [index, client] of clients.entries()) {
        // Half of them never read.
        if (index % 2 === 1) client.pause()
        void client.send(requests[index] ?? '')
      }
      await turnUntil(() => server.statistics().active >= 4)
      await server.close({ deadline: now() })
      expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
      for (const client of clients) await client[Symbol.asyncDispose]()
    },
    { signals: false },
  )
  await expectNothingLeft(before)
})

test('clients that come and vanish leave nothing behind', async () => {
  const before = openResources()
  await using server = await serve(app, { host: '127.0.0.1', onError: () => undefined })
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(requests.map(() => rawClient({ port: server.port })))
    for (const [index, client] of clients.entries()) {
      void client.send(requests[index] ?? '')
      if (round % 3 === 0) client.reset()
      else if (round % 3 === 1) client.destroy()
      else client.end()
    }
    if (round % 3 === 2) await Promise.all(clients.map((client) => client.untilEnded()))
    for (const client of clients) await client[Symbol.asyncDispose]()
  }
  await turnUntil(() => server.statistics().connections === 0)
  expect(server.statistics()).toMatchObject({ active: 0, idle: 0 })
  await server.close()
  await expectNothingLeft(before)
})

const { exitCode } = process

afterEach(() => {
  process.exitCode = exitCode
})

test('a program that is told to end lets requests finish, and then ends', async () => {
  const before = openResources()
  const log: string[] = []
  const started = Promise.withResolvers<number>()
  const asked = new AsyncEvent()
  const slow = new Application()
    .lifespan(async function* () {
      yield
      log.push('cleaned up')
    })
    .get('/', async () => {
      asked.set()
      await sleep(20)
      log.push('answered')
      return text('here')
    })
  const ended = run(async () => {
    await using server = await serve(slow, { host: '127.0.0.1' })
    started.resolve(server.port)
    try {
      await server.closed
    } finally {
      log.push('told')
    }
  })
  const client = await rawClient({ port: await started.promise })
  await client.send(get('/'))
  await asked.wait()
  // As the signal does, without a process to signal.
  process.emit('SIGTERM', 'SIGTERM')
  expect(await client.readAll()).toMatch(/connection: close\r\n\r\nhere$/)
  await client[Symbol.asyncDispose]()
  await ended
  expect(log).toEqual(['told', 'answered', 'cleaned up'])
  await expectNothingLeft(before)
})
