/** What is shared between requests carries nothing of one of them to another. */
import { AsyncLocalStorage, createHook, executionAsyncResource } from 'node:async_hooks'
import { expect, test } from 'vitest'
import { ContextVar, currentScope, sleep, timeout } from 'spool'
import { ClientSession } from 'spool/client'
import { Application, serve, text } from 'spool/server'

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

test('handlers of one connection of a server see their own request only', async () => {
  const user = new ContextVar<string | undefined>('user', { default: undefined })
  const seen: (string | undefined)[] = []
  const app = new Application().get('/{name}', async ({ params }) => {
    seen.push(user.get(), store.getStore())
    user.set(params.name)
    store.enterWith(params.name)
    await sleep(0)
    seen.push(user.get())
    return text(params.name)
  })
  await using server = await serve(app, { host: '127.0.0.1' })
  await using session = new ClientSession({ baseUrl: server.url, limit: 1 })
  for (const name of ['a', 'b']) expect(await session.get(`/${name}`).text()).toBe(name)
  expect(seen).toEqual([undefined, undefined, 'a', undefined, undefined, 'b'])
  expect(server.statistics().accepted).toBe(1)
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
