import { AsyncEvent, CancelledError, createTask, timeout } from 'spool'
import { Application, type ErrorListener, serve, type Server, text } from 'spool/server'
import { settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { expectNothingLeft, openResources, turnUntil } from '../support/open-resources.ts'
import { rawClient } from '../support/raw-client.ts'
import type { RawConnection } from '../support/raw-connection.ts'
import { get } from '../support/requests.ts'

interface Scene extends AsyncDisposable {
  readonly server: Server
  /** Lets `/hold` and `hold()` go on. */
  readonly go: AsyncEvent
  readonly log: string[]
  readonly errors: unknown[]
  readonly application: Application
  readonly ask: (path: string) => Promise<RawConnection>
}

async function scene(
  own: (server: Server, scene: Scene) => Promise<unknown>,
  cleanUp: () => void = () => undefined,
): Promise<Scene> {
  const go = new AsyncEvent()
  const log: string[] = []
  const errors: unknown[] = []
  const clients: RawConnection[] = []
  const application = new Application()
    .lifespan(async function* () {
      yield
      cleanUp()
      log.push('cleaned up')
    })
    .get('/own', async () => {
      await own(server, made)
      log.push('answered')
      return text('bye')
    })
    .get('/hold', async () => {
      try {
        await go.wait()
        log.push('held')
      } catch (error) {
        log.push('cancelled')
        throw error
      }
      return text('held')
    })
  const onError: ErrorListener = (error) => void errors.push(error)
  const server = await serve(application, { host: '127.0.0.1', onError })
  const made: Scene = {
    server,
    go,
    log,
    errors,
    application,
    ask: async (path) => {
      const client = await rawClient({ port: server.port })
      clients.push(client)
      await client.send(get(path))
      return client
    },
    [Symbol.asyncDispose]: async () => {
      go.set()
      for (const client of clients) client.destroy()
      await server.close()
      for (const client of clients) await client[Symbol.asyncDispose]()
    },
  }
  return made
}

async function active(server: Server, count: number): Promise<void> {
  await turnUntil(() => server.statistics().active === count)
}

describe('close() by a handler of the server itself', () => {
  test('waits for all other requests, and lets the handler answer', async () => {
    const before = openResources()
    {
      await using made = await scene((server) => server.close())
      const { server, go, log, errors, ask } = made
      const held = await ask('/hold')
      await active(server, 1)
      const own = await ask('/own')
      await active(server, 2)
      await settle()
      expect(log).toEqual([])
      go.set()
      expect(await own.readAll()).toMatch(/connection: close\r\n\r\nbye$/)
      expect(await held.readAll()).toMatch(/connection: close\r\n\r\nheld$/)
      own.destroy()
      held.destroy()
      await server.closed
      expect(log).toEqual(['held', 'answered', 'cleaned up'])
      expect(errors).toEqual([])
      expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
    }
    await expectNothingLeft(before)
  })

  test('cancels the others when the time is over, and lets the handler answer all the same', async () => {
    await using made = await scene((server) => server.close({ timeout: 0 }))
    const { server, log, errors, ask } = made
    const held = await ask('/hold')
    await active(server, 1)
    const own = await ask('/own')
    expect(await own.readAll()).toMatch(/\r\n\r\nbye$/)
    expect(await held.readAll()).toMatch(/^HTTP\/1\.1 503 /)
    own.destroy()
    held.destroy()
    await server.closed
    expect(log).toEqual(['cancelled', 'answered', 'cleaned up'])
    expect(errors).toEqual([])
  })

  test('may be called by several at once, and again from outside', async () => {
    let asked = 0
    const both = new AsyncEvent()
    await using made = await scene(async (server) => {
      if (++asked === 2) both.set()
      await both.wait()
      await Promise.all([server.close(), server.close()])
    })
    const { server, go, log, ask } = made
    const held = await ask('/hold')
    const clients = [held, await ask('/own'), await ask('/own')]
    await turnUntil(() => asked === 2)
    await active(server, 3)
    const closing = server.close()
    await settle()
    expect(log).toEqual([])
    go.set()
    for (const client of clients) {
      expect(await client.readAll()).toMatch(/bye$|held$/)
      client.destroy()
    }
    await closing
    expect(log).toEqual(['held', 'answered', 'answered', 'cleaned up'])
  })

  test('that is not awaited holds nobody up, and spares nobody else', async () => {
    await using made = await scene(async (server) => void server.close())
    const { server, go, log, ask } = made
    await ask('/hold')
    await active(server, 1)
    const own = await ask('/own')
    expect(await own.readAll()).toMatch(/bye$/)
    await active(server, 1)
    await settle()
    expect(log).toEqual(['answered'])
    go.set()
    await turnUntil(() => log.length === 2)
    expect(log).toEqual(['answered', 'held'])
  })

  test('from a task of the request, or below a time-out, is one from inside', async () => {
    const inside = [
      (server: Server) => createTask(() => server.close()),
      (server: Server) => timeout(60_000, () => server.close()),
      (server: Server) => server[Symbol.asyncDispose](),
    ]
    for (const own of inside) {
      await using made = await scene(async (server) => own(server))
      const client = await made.ask('/own')
      expect(await client.readAll()).toMatch(/bye$/)
    }
  })

  test('whose time-out passes stops to wait, and cancels nobody', async () => {
    await using made = await scene((server) => timeout(0, () => server.close()).catch(String))
    const { server, go, log, ask } = made
    const held = await ask('/hold')
    await active(server, 1)
    const own = await ask('/own')
    expect(await own.readAll()).toMatch(/bye$/)
    await settle()
    expect(log).toEqual(['answered'])
    go.set()
    await held.readAll()
    own.destroy()
    held.destroy()
    await server.closed
    expect(log).toEqual(['answered', 'held', 'cleaned up'])
  })

  test('whose client leaves is cancelled itself, and the others go on', async () => {
    const stopped: unknown[] = []
    await using made = await scene(async (server, { go }) => {
      await server.close()
      await go.wait().catch((error: unknown) => stopped.push(error))
    })
    const { server, go, log, ask } = made
    const held = await ask('/hold')
    await active(server, 1)
    const own = await ask('/own')
    await active(server, 2)
    own.destroy()
    await active(server, 1)
    expect(stopped).toEqual([expect.any(CancelledError)])
    expect(log).toEqual(['answered'])
    go.set()
    await held.readAll()
    held.destroy()
    await server.closed
    expect(log).toEqual(['answered', 'held', 'cleaned up'])
  })

  test('reports what fails behind it, and throws for wrong options before anything is stopped', async () => {
    const wrong: unknown[] = []
    const failure = new Error('no clean-up')
    const made = await scene(
      async (server) => {
        wrong.push(await server.close({ timeout: -1 }).catch((error: unknown) => error))
        const answer = await fetch(`${server.url}/missing`)
        wrong.push(answer.status)
        await answer.text()
        await server.close()
      },
      () => {
        throw failure
      },
    )
    const own = await made.ask('/own')
    expect(await own.readAll()).toMatch(/bye$/)
    own.destroy()
    await made.server.closed
    await settle()
    expect(wrong).toEqual([expect.any(RangeError), 404])
    expect(made.errors).toEqual([failure])
    // The end that failed is told to whoever asks from outside.
    await expect(made.server.close()).rejects.toBe(failure)
    await own[Symbol.asyncDispose]()
  })
})

test('close() by a task of the application waits for all other tasks and requests', async () => {
  const done: string[] = []
  await using made = await scene(async (server, { application, go }) => {
    application.spawn(async () => {
      await server.close()
      done.push('closed')
    })
    application.spawn(async () => {
      await go.wait()
      done.push('other')
    })
  })
  const { server, go, log, errors, ask } = made
  const own = await ask('/own')
  expect(await own.readAll()).toMatch(/bye$/)
  await settle()
  expect(done).toEqual([])
  go.set()
  await server.closed
  expect(done).toEqual(['other', 'closed'])
  expect(log).toEqual(['answered', 'cleaned up'])
  expect(errors).toEqual([])
})
