import { AsyncEvent, CancelledError, now, shield, sleep, taskGroup } from 'spool'
import {
  Application,
  type ErrorListener,
  serve,
  type ServeOptions,
  type Server,
  stream,
  text,
} from 'spool/server'
import { settle } from 'spool/testing'
import { describe, expect, test, vi } from 'vitest'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import { expectNothingLeft, openResources, turnUntil } from '../support/open-resources.ts'
import { rawClient } from '../support/raw-client.ts'
import type { RawConnection } from '../support/raw-connection.ts'
import { get, post } from '../support/requests.ts'

interface Scene {
  server: Server
  /** Opened by the handler of `/hold`: lets it go on. */
  go: AsyncEvent
  stopped: unknown[]
  errors: unknown[]
  readonly connect: (request?: string) => Promise<RawConnection>
}

async function scene(options: ServeOptions = {}): Promise<Scene> {
  const go = new AsyncEvent()
  const stopped: unknown[] = []
  const errors: unknown[] = []
  const app = new Application()
    .get('/', () => text('root'))
    .get('/hold', async () => {
      try {
        await go.wait()
        return text('held')
      } catch (error) {
        stopped.push(error)
        throw error
      }
    })
    .get('/stream', () =>
      stream(
        (async function* () {
          yield 'first'
          await go.wait()
          yield 'last'
        })(),
      ),
    )
    .get('/deaf', () => new Promise<never>(() => undefined))
    .post('/read', async (request) => text(await request.text()))
  const onError: ErrorListener = (error) => void errors.push(error)
  const server = await serve(app, { host: '127.0.0.1', onError, ...options })
  const connect = async (request?: string): Promise<RawConnection> => {
    const client = await rawClient({ port: server.port })
    if (request !== undefined) await client.send(request)
    return client
  }
  return { server, go, stopped, errors, connect }
}

async function active(server: Server, count: number): Promise<void> {
  await turnUntil(() => server.statistics().active === count)
}

describe('close()', () => {
  test('closes idle connections and those that never asked, and frees the port', async () => {
    const before = openResources()
    const { server, connect } = await scene()
    await using asked = await connect(get('/'))
    await asked.readUntil('root')
    await using silent = await connect()
    await turnUntil(() => server.statistics().connections === 2)
    await server.close()
    await asked.untilEnded()
    await silent.untilEnded()
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await Promise.all([asked[Symbol.asyncDispose](), silent[Symbol.asyncDispose]()])
    await expectNothingLeft(before)
  })

  test('lets running requests finish, and then ends their connections', async () => {
    const { server, go, connect } = await scene()
    await using held = await connect(get('/hold'))
    await using streamed = await connect(get('/stream'))
    await streamed.readUntil('first\r\n')
    await active(server, 2)
    let closed = false
    const closing = server.close().then(() => (closed = true))
    await settle()
    expect(closed).toBe(false)
    go.set()
    expect(await held.readAll()).toMatch(/connection: close\r\n\r\nheld$/)
    expect(await streamed.readAll()).toBe('4\r\nlast\r\n0\r\n\r\n')
    held.destroy()
    streamed.destroy()
    await closing
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
  })

  test('lets a request that is being read come to its end', async () => {
    const { server, connect } = await scene()
    await using half = await connect('GET / HTTP/1.1\r\nhos')
    await using body = await connect(post('/read', 'abcdef').slice(0, -3))
    await active(server, 1)
    await turnUntil(() => server.statistics().connections === 2)
    const closing = server.close()
    await half.send('t: a\r\n\r\n')
    expect(await half.readAll()).toMatch(/connection: close\r\n\r\nroot$/)
    await body.send('def')
    expect(await body.readAll()).toMatch(/connection: close\r\n\r\nabcdef$/)
    half.destroy()
    body.destroy()
    await closing
  })

  test('cancels what runs when the deadline has passed', async () => {
    const { server, stopped, errors, connect } = await scene()
    await using held = await connect(get('/hold'))
    await using streamed = await connect(get('/stream'))
    await streamed.readUntil('first\r\n')
    await active(server, 2)
    await server.close({ deadline: now() })
    expect(stopped).toMatchObject([{ source: 'shutdown' }])
    expect(await held.readAll()).toBe('')
    expect(await streamed.readAll()).not.toContain('last')
    expect(errors).toEqual([])
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0, disconnected: 0 })
  })

  test('hurries when it is called again with an earlier deadline', async () => {
    const { server, stopped, connect } = await scene()
    await using held = await connect(get('/hold'))
    await active(server, 1)
    const closing = server.close({ deadline: Infinity })
    await settle()
    expect(stopped).toEqual([])
    await server.close({ deadline: now() })
    await closing
    expect(stopped).toHaveLength(1)
    expect(await held.readAll()).toBe('')
  })

  test('names handlers that ignore their cancellation, and hangs for none of them', async () => {
    const { server, errors, connect } = await scene({ timeouts: { cancellation: 10 } })
    await using client = await connect(get('/deaf'))
    await active(server, 1)
    await server.close({ deadline: now() })
    expect(errors).toMatchObject([
      { message: '1 requests do not end 10 ms after they were cancelled' },
    ])
    expect(await client.readAll()).toBe('')
  })

  test('drops a client that takes nothing when the deadline has passed', async () => {
    const { server, connect } = await scene()
    await using client = await connect()
    client.pause()
    await client.send(get('/stream'))
    await active(server, 1)
    await server.close({ deadline: now() })
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
  })

  test('in a cancelled scope waits for nothing, and throws nothing', async () => {
    const { server, stopped, connect } = await scene()
    await using held = await connect(get('/hold'))
    await active(server, 1)
    const scope = new Scope(rootScope)
    scope.cancel('enough')
    await runInScope(scope, () => server.close())
    scope.end()
    expect(stopped).toHaveLength(1)
    expect(await held.readAll()).toBe('')
  })

  test('stops to wait when its scope is cancelled meanwhile', async () => {
    const { server, stopped, connect } = await scene()
    await using held = await connect(get('/hold'))
    await active(server, 1)
    const scope = new Scope(rootScope)
    const closing = runInScope(scope, () => server.close())
    await settle()
    expect(stopped).toEqual([])
    scope.cancel('enough')
    await closing
    scope.end()
    expect(stopped).toHaveLength(1)
    expect(await held.readAll()).toBe('')
  })
})

describe('A server', () => {
  test('is closed at once when the scope that made it is cancelled', async () => {
    const { promise, resolve } = Promise.withResolvers<Scene>()
    const running = taskGroup(async (group) => {
      group.spawn(async () => {
        const { server } = await promise
        await active(server, 1)
        group.cancel('enough')
      })
      const made = await scene()
      resolve(made)
      await using _client = await made.connect(get('/hold'))
      await made.server.closed
    })
    await running
    const { server, stopped } = await promise
    await server.closed
    expect(stopped).toMatchObject([{ source: 'shutdown' }])
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
  })

  test('lets requests finish when the program was told to end', async () => {
    const scope = new Scope(rootScope)
    const made = await runInScope(scope, () => scene())
    await using held = await made.connect(get('/hold'))
    await active(made.server, 1)
    scope.cancel('SIGTERM', 'shutdown')
    const closing = runInScope(scope, () => made.server.close())
    await settle()
    expect(made.stopped).toEqual([])
    made.go.set()
    expect(await held.readAll()).toContain('held')
    held.destroy()
    await closing
    scope.end()
  })

  test('tells whoever waits for its end, unless their scope is cancelled', async () => {
    const { server } = await scene()
    const scope = new Scope(rootScope)
    const cancelled = runInScope(scope, () => server.closed)
    scope.cancel()
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError)
    const waiting = server.closed
    await server.close()
    await waiting
    await server.closed
    scope.end()
  })

  test('closes at the end of an await using block', async () => {
    let kept: Server
    {
      await using server = await serve(() => text(''), { host: '127.0.0.1' })
      kept = server
    }
    await kept.closed
    await expect(rawClient({ port: kept.port })).rejects.toThrow('ECONNREFUSED')
  })

  test('closes connections over its limit at once', async () => {
    const { server, connect } = await scene({ limits: { connections: 1 } })
    await using first = await connect(get('/'))
    await first.readUntil('root')
    await using second = await connect()
    await second.untilEnded()
    expect(server.statistics()).toMatchObject({ connections: 1, accepted: 1, refused: 1 })
    await server.close()
  })

  test('listens on a Unix socket', async () => {
    const path = `/tmp/spool-test-${process.pid}.sock`
    await using server = await serve(({ url }) => text(url.href), { path })
    expect(server).toMatchObject({ port: 0, url: `unix:${path}` })
    await using client = await rawClient({ path })
    await client.send('GET /a HTTP/1.0\r\n\r\n')
    expect(await client.readAll()).toMatch(/http:\/\/.*\/a$/)
  })
})

describe('A lifespan', () => {
  test('sets up before the first request, and cleans up in reverse after the last', async () => {
    const log: string[] = []
    const go = new AsyncEvent()
    const app = new Application()
      .lifespan(async function* () {
        log.push('up 1')
        yield
        log.push('down 1')
      })
      .lifespan(async function* () {
        log.push('up 2')
        yield
        await sleep(0)
        log.push('down 2')
      })
      .get('/', async () => {
        await go.wait()
        log.push('request')
        return text('x')
      })
    const server = await serve(app, { host: '127.0.0.1' })
    await using client = await rawClient({ port: server.port })
    await client.send(get('/'))
    await active(server, 1)
    const closing = server.close()
    go.set()
    await client.readAll()
    client.destroy()
    await closing
    expect(log).toEqual(['up 1', 'up 2', 'request', 'down 2', 'down 1'])
    // It may be served again.
    await (await serve(app, { host: '127.0.0.1' })).close()
    expect(log).toHaveLength(9)
  })

  test('that fails to set up is thrown by serve(), and those before are cleaned up', async () => {
    const log: string[] = []
    const app = new Application()
      .lifespan(async function* () {
        yield
        log.push('down')
      })
      // oxlint-disable-next-line require-yield
      .lifespan(async function* () {
        throw new Error('no database')
      })
    const before = openResources()
    await expect(serve(app)).rejects.toThrow('no database')
    expect(log).toEqual(['down'])
    expect(openResources()).toEqual(before)
    const never = new Application().lifespan(async function* () {})
    await expect(serve(never)).rejects.toThrow('A lifespan ended without a yield')
  })

  test.each([() => undefined, async () => undefined])(
    'that is %o and no generator is refused by its name',
    async (lifespan) => {
      const app = new Application().lifespan(lifespan as never)
      await expect(serve(app)).rejects.toThrow(
        /^Cannot use .* as a lifespan: expected an async gen/,
      )
    },
  )

  test('that fails to clean up is thrown by close(), after the others', async () => {
    const log: string[] = []
    const app = new Application()
      .lifespan(async function* () {
        yield
        log.push('down')
      })
      .lifespan(async function* () {
        yield
        throw new Error('still open')
      })
    const server = await serve(app, { host: '127.0.0.1' })
    const closed = server.closed
    await expect(server.close()).rejects.toThrow('still open')
    expect(log).toEqual(['down'])
    await closed
    const twice = new Application().lifespan(async function* () {
      yield
      yield
    })
    await expect((await serve(twice, { host: '127.0.0.1' })).close()).rejects.toThrow(
      'yielded twice',
    )
  })

  test('is cleaned up when the address can not be had', async () => {
    await using taken = await serve(() => text(''), { host: '127.0.0.1' })
    const log: string[] = []
    const app = new Application().lifespan(async function* () {
      yield
      log.push('down')
    })
    await expect(serve(app, { host: '127.0.0.1', port: taken.port })).rejects.toMatchObject({
      code: 'SPOOL_LISTEN',
    })
    expect(log).toEqual(['down'])
  })

  test('that does not end is cancelled at the deadline', async () => {
    const stopped: unknown[] = []
    const app = new Application().lifespan(async function* () {
      yield
      try {
        await new AsyncEvent().wait()
      } catch (error) {
        stopped.push(error)
      }
    })
    const server = await serve(app, { host: '127.0.0.1', timeouts: { cancellation: 10 } })
    await server.close({ deadline: now() })
    expect(stopped).toMatchObject([{ source: 'shutdown' }])
  })
})

describe('spawn()', () => {
  test('starts work that outlives its request, and that close() waits for', async () => {
    const go = new AsyncEvent()
    const log: string[] = []
    const app = new Application().get('/', () => {
      app.spawn(async () => {
        await go.wait()
        log.push('mail sent')
      })
      return text('x')
    })
    const server = await serve(app, { host: '127.0.0.1' })
    await using client = await rawClient({ port: server.port })
    await client.send(get('/'))
    await client.readUntil('\r\n\r\nx')
    client.destroy()
    await turnUntil(() => server.statistics().connections === 0)
    expect(server.statistics().active).toBe(0)
    const closing = server.close()
    await settle()
    expect(log).toEqual([])
    go.set()
    await closing
    expect(log).toEqual(['mail sent'])
  })

  test('cancels it at the deadline, reports what fails, and one does not stop another', async () => {
    const errors: unknown[] = []
    const stopped: unknown[] = []
    const app = new Application()
    const server = await serve(app, { host: '127.0.0.1', onError: (error) => errors.push(error) })
    app.spawn(async () => {
      await shield(() => settle())
      try {
        await new AsyncEvent().wait()
      } catch (error) {
        stopped.push(error)
        throw error
      }
    })
    app.spawn(() => {
      throw new Error('mail refused')
    })
    await settle()
    expect(errors).toMatchObject([{ message: 'mail refused' }])
    expect(stopped).toEqual([])
    await server.close({ deadline: now() })
    expect(stopped).toMatchObject([{ source: 'shutdown' }])
    expect(() => app.spawn(() => undefined)).toThrow(
      'Cannot spawn a task: the application is not served',
    )
  })
})

function fail(): never {
  throw new Error('for all to see')
}

test('serve() writes errors to stderr unless it is told who listens', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await using server = await serve(fail, { host: '127.0.0.1' })
  await using client = await rawClient({ port: server.port })
  await client.send(get('/a"b'))
  await client.readUntil('Internal Server Error')
  expect(written).toHaveBeenCalledWith(
    'Error in the server (GET "/a\\"b"):',
    expect.objectContaining({ message: 'for all to see' }),
  )
})

test('serve() refuses what can not be served', async () => {
  await expect(serve({} as never)).rejects.toThrow('expected an Application or a handler')
  const app = new Application()
  await using _server = await serve(app, { host: '127.0.0.1' })
  await expect(serve(app)).rejects.toMatchObject({ code: 'SPOOL_BUSY' })
  expect(() => app.get('/', () => text(''))).toThrow('the application is served already')
})
