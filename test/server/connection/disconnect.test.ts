import { AsyncEvent, CancelledError, createTask, shield, sleep } from 'spool'
import { Application, type ServerRequest, type ServerResponse, stream, text } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { get, post } from '../../support/requests.ts'

const chunkedHead = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'

/** A handler that waits for ever, and what it was stopped by. */
function waiting(): { app: Application; stopped: unknown[]; signals: AbortSignal[] } {
  const stopped: unknown[] = []
  const signals: AbortSignal[] = []
  const app = new Application().route('*', '/', async (request) => {
    signals.push(request.signal)
    try {
      await new AsyncEvent().wait()
      return text('')
    } catch (error) {
      stopped.push(error)
      throw error
    }
  })
  return { app, stopped, signals }
}

describe.each([
  ['ends its side', 'end'],
  ['drops the connection', 'destroy'],
  ['resets the connection', 'reset'],
] as const)('A client that %s', (_how, leave) => {
  test('cancels the handler of its request with the source "disconnect"', async () => {
    const { app, stopped, signals } = waiting()
    const server = new MemoryServer(app)
    const client = server.connect()
    await client.send(get('/'))
    expect(server.host.statistics()).toMatchObject({ active: 1, idle: 0 })
    client.transport[leave]()
    await settle()
    expect(stopped).toHaveLength(1)
    expect(stopped[0]).toBeInstanceOf(CancelledError)
    expect(stopped[0]).toMatchObject({ source: 'disconnect' })
    expect(signals[0]?.reason).toBe(stopped[0])
    expect(client.text).toBe('')
    expect(server.errors).toEqual([])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0, disconnected: 1 })
    server.host.end()
  })

  test('cancels a handler that has read its body', async () => {
    const { app, stopped } = waiting()
    const server = new MemoryServer(app)
    const client = server.connect()
    await client.send(post('/', 'abc'))
    // That the body ended is no reason.
    expect(stopped).toEqual([])
    client.transport[leave]()
    await settle()
    expect(stopped[0]).toMatchObject({ source: 'disconnect' })
    server.host.end()
  })

  test('cancels a handler that reads its body', async () => {
    const stopped: unknown[] = []
    const server = new MemoryServer(async (request) => {
      try {
        return text(await request.text())
      } catch (error) {
        stopped.push(error)
        throw error
      }
    })
    const client = server.connect()
    await client.send(`${chunkedHead}3\r\nab`)
    client.transport[leave]()
    await settle()
    expect(stopped[0]).toMatchObject({ source: 'disconnect' })
    expect(server.errors).toEqual([])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('ends the generator of a streamed response', async () => {
    using clock = MockClock.install()
    let ended = false
    const server = new MemoryServer(() =>
      stream(
        (async function* () {
          try {
            for (;;) {
              yield 'tick'
              await sleep(1_000)
            }
          } finally {
            ended = true
          }
        })(),
      ),
    )
    const client = server.connect()
    await client.send(get('/'))
    await clock.advance(2_500)
    expect(client.take()).toMatch(/(?:4\r\ntick\r\n){3}$/)
    client.transport[leave]()
    await settle()
    expect(ended).toBe(true)
    expect(server.errors).toEqual([])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })
})

test('halfClose lets a client end its side and still get its response', async () => {
  const go = new AsyncEvent()
  const app = new Application()
    .get('/', async () => {
      await go.wait()
      return text('here')
    })
    .get(
      '/strict',
      async () => {
        await go.wait()
        return text('here')
      },
      { halfClose: false },
    )
  const server = new MemoryServer(app, { halfClose: true })
  const patient = server.connect()
  await patient.send(get('/'))
  await patient.end()
  const strict = server.connect()
  await strict.send(get('/strict'))
  await strict.end()
  expect(strict.ended).toBe(true)
  go.set()
  await settle()
  expect(patient.take()).toMatch(/connection: close\r\n\r\nhere$/)
  expect(patient.closed).toBe(true)
  expect(strict.text).toBe('')
  expect(server.host.statistics()).toMatchObject({ connections: 0, disconnected: 1 })
  server.host.end()
})

test('halfClose answers each request that came before the client ended its side', async () => {
  const app = new Application()
    .get('/late', async () => {
      await Promise.resolve()
      return text('late')
    })
    .get('/', () => text('here'))
    .post('/', async (request) => text(await request.text()))
  const tails = ['', 'GET / HTT', post('/', 'half').slice(0, -2)]
  for (const tail of tails) {
    for (const first of ['/', '/late']) {
      const server = new MemoryServer(app, { halfClose: true })
      const client = server.connect()
      client.transport.write(get(first) + get('/late') + post('/', 'body') + get('/late') + tail)
      client.transport.end()
      await settle()
      expect(client.ended).toBe(true)
      const expected = [200, 200, 200, 200]
      expect(client.statuses().slice(0, 4)).toEqual(expected)
      expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
      server.host.end()
    }
  }
})

test('cancelOnDisconnect: false fails the body that was cut off, and not its handler', async () => {
  const go = new AsyncEvent()
  const failures: unknown[] = []
  const read = async (request: ServerRequest): Promise<ServerResponse> => {
    try {
      await request.text()
    } catch (error) {
      failures.push(error)
    }
    await go.wait()
    return text('done')
  }
  const app = new Application().post('/', read, { cancelOnDisconnect: false })
  const server = new MemoryServer(app)
  const client = await server.connect().send(post('/', 'half of it').slice(0, -5))
  await client.end()
  expect(failures).toMatchObject([{ code: 'SPOOL_REMOTE_PROTOCOL' }])
  expect(server.host.statistics()).toMatchObject({ active: 1, disconnected: 0 })
  go.set()
  await settle()
  expect(client.text).toMatch(/connection: close\r\n\r\ndone$/)
  expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
  expect(server.errors).toEqual([])
  server.host.end()
})

test('cancelOnDisconnect: false lets the handler come to its end', async () => {
  const go = new AsyncEvent()
  let done = false
  const app = new Application().get(
    '/',
    async () => {
      await go.wait()
      done = true
      return text('here')
    },
    { cancelOnDisconnect: false },
  )
  const server = new MemoryServer(app)
  const client = server.connect()
  await client.send(get('/'))
  client.transport.reset()
  await settle()
  expect(server.host.statistics()).toMatchObject({ connections: 0, active: 1 })
  go.set()
  await settle()
  expect(done).toBe(true)
  expect(server.host.statistics()).toMatchObject({ active: 0, disconnected: 0 })
  server.host.end()
})

test('A handler that answers at once answers a client that has ended its side', async () => {
  const server = new MemoryServer(() => text('here'))
  const client = server.connect()
  client.transport.write(get('/') + get('/'))
  client.transport.end()
  await settle()
  expect(client.statuses()).toEqual([200, 200])
  expect(client.closed).toBe(true)
  expect(server.host.statistics()).toMatchObject({ connections: 0, disconnected: 0 })
  server.host.end()
})

test('A handler that shields its cleaning up is waited for', async () => {
  using clock = MockClock.install()
  const cleaned: string[] = []
  const server = new MemoryServer(async () => {
    try {
      await sleep(60_000)
      return text('')
    } finally {
      await shield(() => sleep(1_000))
      cleaned.push('yes')
    }
  })
  const client = server.connect()
  await client.send(get('/'))
  client.transport.destroy()
  await settle()
  expect(server.host.statistics()).toMatchObject({ connections: 0, active: 1 })
  await clock.advance(1_000)
  expect(cleaned).toEqual(['yes'])
  expect(server.host.statistics().active).toBe(0)
  server.host.end()
})

test('A handler that fails otherwise while it is cancelled is reported', async () => {
  const server = new MemoryServer(async () => {
    try {
      await new AsyncEvent().wait()
    } catch {
      throw new Error('could not roll back')
    }
    return text('')
  })
  const client = server.connect()
  await client.send(get('/'))
  client.transport.destroy()
  await settle()
  expect(server.errors).toMatchObject([{ message: 'could not roll back' }])
  server.host.end()
})

describe('createTask() in a handler', () => {
  test('joins the request: the response is sent first, and the task runs on', async () => {
    using clock = MockClock.install()
    const done: string[] = []
    const server = new MemoryServer(() => {
      createTask(async () => {
        await sleep(5_000)
        done.push('task')
      })
      return text('sent')
    })
    const client = server.connect()
    await client.send(get('/'))
    expect(client.take()).toContain('sent')
    expect(server.host.statistics()).toMatchObject({ active: 1, idle: 1 })
    // The next request, and the client's leaving, leave it alone.
    await client.send(get('/'))
    await client.end()
    expect(server.host.statistics()).toMatchObject({ active: 2, connections: 0 })
    await clock.advance(5_000)
    expect(done).toEqual(['task', 'task'])
    expect(server.host.statistics().active).toBe(0)
    expect(server.errors).toEqual([])
    server.host.end()
  })

  test('is cancelled with the request when the client leaves before the response', async () => {
    const stopped: unknown[] = []
    const server = new MemoryServer(async () => {
      createTask(async () => {
        try {
          await new AsyncEvent().wait()
        } catch (error) {
          stopped.push(error)
          throw error
        }
      })
      await new AsyncEvent().wait()
      return text('')
    })
    const client = server.connect()
    await client.send(get('/'))
    client.transport.destroy()
    await settle()
    expect(stopped).toMatchObject([{ source: 'disconnect' }])
    expect(server.host.statistics().active).toBe(0)
    expect(server.errors).toEqual([])
    server.host.end()
  })

  test('reports what fails in it, and the response is none the worse', async () => {
    const server = new MemoryServer(() => {
      createTask(() => {
        throw new Error('late')
      })
      return text('sent')
    })
    const client = server.connect()
    await client.send(get('/'))
    expect(client.statuses()).toEqual([200])
    expect(server.errors).toMatchObject([{ message: 'late' }])
    expect(server.host.statistics().active).toBe(0)
    await client.end()
    server.host.end()
  })
})

describe('A promise that a handler forgot', () => {
  test('is no reason to end when it is cancelled', async () => {
    const server = new MemoryServer(async (request) => {
      void request.text()
      await new AsyncEvent().wait()
      return text('')
    })
    const client = server.connect()
    await client.send(`${chunkedHead}3\r\nab`)
    client.transport.destroy()
    await settle()
    expect(server.errors).toEqual([])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('is reported when it fails', async () => {
    const server = new MemoryServer(() => {
      void Promise.reject(new Error('forgotten'))
      return text('')
    })
    const client = server.connect()
    await client.send(get('/'))
    expect(client.statuses()).toEqual([200])
    expect(server.errors).toMatchObject([{ message: 'forgotten' }])
    await client.end()
    server.host.end()
  })
})
