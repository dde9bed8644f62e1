/** What is shared between requests carries nothing of one of them to another. */
import { AsyncLocalStorage, createHook, executionAsyncResource } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { ContextVar, currentScope, sleep, timeout } from 'spool'
import { ClientSession } from 'spool/client'
import { Application, serve, text } from 'spool/server'
import { rawClient } from '../support/raw-client.ts'
import { get } from '../support/requests.ts'

const store = new AsyncLocalStorage<string>()

test('a connection that one opened and another uses again sees the other', async () => {
  const app = new Application().route('*', '/{name}', async ({ params, body }) => {
    for await (const _ of body);
    return text(params.name.repeat(100_000))
  })
  await using server = await serve(app, { host: '127.0.0.1' })
  await using session = new ClientSession({ baseUrl: server.url, limit: 1 })
  const ask = (name: string): Promise<string[]> =>
    store.run(name, async () => {
      const seen: (string | undefined)[] = []
      const response = await session.post(`/${name}`, {
        body: (async function* () {
          for (let count = 0; count < 3; count++) {
            seen.push(store.getStore())
            yield 'x'.repeat(100_000)
            await sleep(0)
          }
        })(),
      })
      seen.push(store.getStore())
      let length = 0
      for await (const chunk of response.body) {
        length += chunk.length
        seen.push(store.getStore())
      }
      expect(length).toBe(100_000)
      return [...new Set(seen)].map(String)
    })
  for (const name of ['a', 'b', 'c']) expect(await ask(name)).toEqual([name])
  // At the same time, in the queue of one connection.
  expect(await Promise.all(['d', 'e', 'f'].map(ask))).toEqual([['d'], ['e'], ['f']])
  expect(session.statistics()).toMatchObject({ opened: 1, open: 1 })
})

test('a deadline of one request is not that of the next on its connection', async () => {
  const app = new Application().get('/', () => text('root'))
  await using server = await serve(app, { host: '127.0.0.1' })
  await using session = new ClientSession({ baseUrl: server.url })
  await timeout(60_000, () => session.get('/').text())
  expect(currentScope().deadline).toBe(Infinity)
  expect(await session.get('/').text()).toBe('root')
  expect(session.statistics()).toMatchObject({ opened: 1 })
})

describe('handlers of one connection of a server see their own request only', () => {
  const user = new ContextVar<string | undefined>('user', { default: undefined })
  const seen: (string | undefined)[] = []
  const app = new Application()
    .get('/at-once/{name}', ({ params }) => {
      seen.push(user.get(), store.getStore())
      user.set(params.name)
      // For the rest of the request, as some libraries do.
      store.enterWith(params.name)
      return text(params.name)
    })
    .get('/later/{name}', async ({ params }) => {
      seen.push(user.get(), store.getStore())
      user.set(params.name)
      store.enterWith(params.name)
      await sleep(0)
      if (user.get() !== params.name || store.getStore() !== params.name) seen.push('lost')
      return text(params.name)
    })
  const paths = ['/at-once/a', '/later/b', '/later/c', '/at-once/d', '/at-once/e', '/later/f']
  const nothing = Array.from({ length: paths.length * 2 }, () => undefined)

  test.each([
    ['one after the other', false],
    ['in one go', true],
  ])('that come %s', async (_, together) => {
    seen.length = 0
    await using server = await serve(app, { host: '127.0.0.1' })
    await using client = await rawClient({ port: server.port })
    const requests = paths.map((path) => get(path))
    if (together) await client.send(requests.join(''))
    for (const [index, path] of paths.entries()) {
      if (!together) await client.send(requests[index] ?? '')
      expect((await client.message()).body.toString()).toBe(path.at(-1))
    }
    expect(seen).toEqual(nothing)
    expect(server.statistics().accepted).toBe(1)
  })

  test('and nothing of who made the server', async () => {
    seen.length = 0
    await using server = await store.run('all', () => serve(app, { host: '127.0.0.1' }))
    await using client = await rawClient({ port: server.port })
    await client.send(paths.map((path) => get(path)).join(''))
    for (const path of paths) {
      expect((await client.message()).body.toString()).toBe(path.at(-1))
    }
    expect(seen).toEqual(nothing)
  })
})

test('a connection keeps nothing of who opened it', async () => {
  const app = new Application().get('/', () => text('root'))
  await using server = await serve(app, { host: '127.0.0.1' })
  await using session = new ClientSession({ baseUrl: server.url })
  await store.run('opener', () => session.get('/').text())
  const seen: unknown[] = []
  const hook = createHook({
    before: () =>
      void (executionAsyncResource().constructor.name === 'TCP' ? seen.push(store.getStore()) : 0),
  }).enable()
  try {
    expect(await session.get('/').text()).toBe('root')
  } finally {
    hook.disable()
  }
  expect(session.statistics()).toMatchObject({ opened: 1 })
  expect(seen.length).toBeGreaterThan(0)
  expect(seen).not.toContain('opener')
})
