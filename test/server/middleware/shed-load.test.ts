import { AsyncEvent } from 'spool'
import { Application, shedLoad, type ShedLoadOptions, text } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test, vi } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { get } from '../../support/requests.ts'

function application(options: ShedLoadOptions, go: AsyncEvent): Application {
  return new Application()
    .use(shedLoad(options))
    .get('/', async () => {
      await go.wait()
      return text('done')
    })
    .get('/now', () => text('now'))
}

const ask = (app: Application, path = '/'): Promise<Response> =>
  app.fetch(new Request(`http://a${path}`))

describe('shedLoad()', () => {
  test('lets so many through, lets some wait, and refuses the rest', async () => {
    using clock = MockClock.install()
    const go = new AsyncEvent()
    const app = application({ maxActive: 2, maxWaiting: 1, maxWait: 500, retryAfter: 3_000 }, go)
    const [first, second, third, fourth] = [ask(app), ask(app), ask(app), ask(app)]
    const refused = await fourth
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '3'])
    await clock.advance(500)
    expect((await third).status).toBe(503)
    const fifth = ask(app)
    await settle()
    go.set()
    const statuses = await Promise.all([first, second, fifth])
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(clock.pending).toBe(0)
  })

  test('gives the place of a client that left to the next, and forgets who left the line', async () => {
    const go = new AsyncEvent()
    const server = new MemoryServer(application({ maxActive: 1, maxWaiting: 1 }, go))
    const first = await server.connect().send(get('/'))
    const second = await server.connect().send(get('/'))
    await second.end()
    const third = await server.connect().send(get('/now'))
    expect(third.count).toBe(0)
    await first.end()
    expect(third.statuses()).toEqual([200])
    await third.end()
    server.host.end()
    expect(server.errors).toEqual([])
  })

  test('refuses everything while the event loop is late, and nothing after', async () => {
    let time = 0
    using clock = MockClock.install()
    const go = new AsyncEvent()
    const app = application({ maxLoopDelay: 200 }, go)
    // One request keeps the watch going; its clock stands still while the loop is blocked.
    const held = ask(app)
    await clock.advance(50)
    const real = clock.now.bind(clock)
    vi.spyOn(clock, 'now').mockImplementation(() => real() + time)
    time = 300
    expect((await ask(app, '/now')).status).toBe(503)
    time = 0
    await clock.advance(100)
    expect((await ask(app, '/now')).status).toBe(200)
    go.set()
    await held
    expect(clock.pending).toBe(0)
  })

  test('lets through what it is told to', async () => {
    const go = new AsyncEvent()
    const app = application({ maxActive: 1, maxWait: 0, skip: ({ path }) => path === '/now' }, go)
    const held = ask(app)
    expect((await ask(app)).status).toBe(503)
    expect((await ask(app, '/now')).status).toBe(200)
    go.set()
    await held
  })

  test.each<ShedLoadOptions>([
    { maxActive: 0 },
    { maxWaiting: -1 },
    { maxWait: Number.NaN },
    { maxLoopDelay: 0 },
  ])('refuses %j', (options) => {
    expect(() => shedLoad(options)).toThrow(RangeError)
  })
})
