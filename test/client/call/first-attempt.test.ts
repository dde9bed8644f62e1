import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CancelledError, ClosedResourceError, shield, SpoolError, taskGroup } from 'spool'
import { type ClientMiddleware, type ClientSession, type RequestOptions, retry } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { inspected } from '../../../src/client/middleware/inspected.ts'
import { rejectionOf } from '../../support/rejection.ts'
import {
  checkNothingLeft,
  MemoryFixture,
  type MemoryPeer,
  redirect,
  response,
} from '../support/memory-server.ts'

let clock: MockClock

beforeEach(() => {
  clock = MockClock.install({ autoJump: true })
})

afterEach(() => {
  clock[Symbol.dispose]()
})

const busy = response('busy', { status: '503 Busy' })
const moments = {
  ok: (peer: MemoryPeer) => peer.send(response('fine')),
  busy: (peer: MemoryPeer) => peer.send(busy),
  'busy for long': (peer: MemoryPeer) => peer.send(busy.subarray(0, -2)),
  moved: (peer: MemoryPeer) => peer.send(redirect(307, '/elsewhere')),
  broken: (peer: MemoryPeer) => peer.reset(),
  'cut off': (peer: MemoryPeer) => {
    peer.send(response('fine').subarray(0, -2))
    peer.end()
  },
  'no HTTP': (peer: MemoryPeer) => peer.send('nonsense\r\n\r\n'),
} satisfies Record<string, (peer: MemoryPeer) => void>
type Moment = keyof typeof moments

/** All that can be seen of one request whose attempts end in this way, one after the other. */
async function outcomeOf(
  story: readonly Moment[],
  middleware: readonly ClientMiddleware[],
  told: unknown[],
  ask: (session: ClientSession) => Promise<unknown>,
): Promise<unknown> {
  const seen: unknown[] = []
  let next = 0
  const fixture = new MemoryFixture(
    async (peer) => {
      for (;;) {
        const { method, target, body } = await peer.request()
        const moment = story[next++] ?? 'ok'
        seen.push([method, target, body, moment])
        moments[moment](peer)
      }
    },
    { middleware, timeout: { total: 5_000, idle: 1_000 } },
  )
  const begun = clock.now()
  let result: unknown
  try {
    result = await ask(fixture.session)
  } catch (error) {
    result = [SpoolError.is(error) ? error.code : 'other', (error as Error).message]
  }
  const took = clock.now() - begun
  await settle()
  const { requests, waiting } = fixture.session.statistics()
  await fixture.session.close()
  await checkNothingLeft(fixture)
  return { result, seen, took, requests, waiting, told: told.splice(0) }
}

function stories(length: number, names: readonly Moment[]): Moment[][] {
  if (length === 0) return [[]]
  return stories(length - 1, names).flatMap((story) => names.map((name) => [...story, name]))
}

const allStories = [
  ...stories(2, Object.keys(moments) as Moment[]),
  ...stories(3, ['ok', 'busy', 'moved', 'broken']),
]

const ways: Record<string, (session: ClientSession, options?: RequestOptions) => Promise<unknown>> =
  {
    'GET, as text': (session) => session.get('/').text(),
    'GET, as a response': async (session) => {
      await using answer = await session.get('/')
      const { status, url, history } = answer
      return [status, url, history.length, await answer.text()]
    },
    'GET, raised': (session) => session.get('/', { raiseForStatus: true }).text(),
    'POST, as JSON': (session) => session.post('/', { body: '{}' }).json(),
    'PUT, as text': (session) => session.put('/', { body: 'content' }).text(),
  }

describe('A middleware with an inspector', () => {
  describe.each(Object.entries(ways))('does for %s as if it always ran', (_, ask) => {
    test.each([
      ['alone', []],
      ['below another', [(request, next) => next(request)]],
    ] satisfies [string, ClientMiddleware[]][])('%s', async (_, above) => {
      const told: unknown[] = []
      const options = {
        random: () => 0.5,
        onRetry: (event: { attempt: number; delay: number; status: number | undefined }) => {
          told.push([event.attempt, event.delay, event.status])
        },
      }
      for (const story of allStories) {
        const real = await outcomeOf(story, [...above, retry(options)], told, ask)
        const always = retry(options)
        // One that is wrapped has no inspector.
        const wrapped: ClientMiddleware = (request, next) => always(request, next)
        const expected = await outcomeOf(story, [...above, wrapped], told, ask)
        expect(real, story.join(', ')).toEqual(expected)
      }
    })
  })

  test('runs only if its inspector has something against the answer', async () => {
    let runs = 0
    const counting: ClientMiddleware = (request, next) => {
      runs++
      return next(request)
    }
    const middleware = inspected(counting, {
      watched: false,
      accepts: (status) => status !== 503,
      acceptsFailure: () => true,
    })
    const answers = [response('one'), busy, response('three'), undefined]
    await using fixture = new MemoryFixture(
      async (peer) => {
        for (;;) {
          await peer.request()
          const bytes = answers.shift()
          if (bytes === undefined) peer.reset()
          else peer.send(bytes)
        }
      },
      { middleware: [middleware] },
    )
    const { session } = fixture
    expect(await session.get('/').text()).toBe('one')
    expect(runs).toBe(0)
    expect(await session.get('/').text()).toBe('busy')
    expect(runs).toBe(1)
    expect(await session.get('/').text()).toBe('three')
    expect(await rejectionOf(session.post('/').text())).toMatchObject({ code: 'SPOOL_TRANSFER' })
    expect(runs).toBe(1)
  })

  test('runs in the context of the caller where anybody can see it', async () => {
    const stores = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const see = (what: string) => (): void => void seen.push([what, stores.getStore()])
    const start = see('start')
    const repeated = see('retry')
    for (const watch of ['option', 'channel', 'start']) {
      let count = 0
      const onRetry = see('option')
      await using fixture = new MemoryFixture(
        async (peer) => {
          for (;;) {
            await peer.request()
            peer.send(count++ === 0 ? busy : response('fine'))
          }
        },
        { middleware: [retry(watch === 'option' ? { onRetry } : {})] },
      )
      if (watch === 'channel') subscribe('spool:client:request:retry', repeated)
      if (watch === 'start') subscribe('spool:client:request:start', start)
      try {
        const text = await stores.run('mine', () => fixture.session.get('/').text())
        expect(text).toBe('fine')
      } finally {
        unsubscribe('spool:client:request:retry', repeated)
        unsubscribe('spool:client:request:start', start)
      }
    }
    expect(seen).toEqual([
      ['option', 'mine'],
      ['retry', 'mine'],
      ['start', 'mine'],
      ['start', 'mine'],
    ])
  })

  test('tells of the progress of a body that is sent again in the context of the caller', async () => {
    const stores = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    let count = 0
    await using fixture = new MemoryFixture(
      async (peer) => {
        for (;;) {
          await peer.request()
          peer.send(count++ === 0 ? busy : response('fine'))
        }
      },
      { middleware: [retry()] },
    )
    const onUploadProgress = (): void => void seen.push(stores.getStore())
    const options = { body: ['content'], onUploadProgress }
    const text = await stores.run('mine', () => fixture.session.put('/', options).text())
    expect(text).toBe('fine')
    expect(seen).toEqual(['mine', 'mine'])
  })

  test('ends with its scope, its session, its signal and its total while it pauses', async () => {
    // One that does not jump over the pauses.
    clock[Symbol.dispose]()
    clock = MockClock.install()
    const fixture = new MemoryFixture(
      async (peer) => {
        for (;;) {
          await peer.request()
          peer.send(busy)
        }
      },
      { middleware: [retry({ random: () => 0, delay: 1_000, budget: Infinity })] },
    )
    const { session } = fixture
    await taskGroup(async (group) => {
      const scoped = rejectionOf(session.get('/').text())
      await settle()
      group.cancel()
      expect(await shield(() => scoped)).toBeInstanceOf(CancelledError)
    })
    const controller = new AbortController()
    const signalled = session.get('/', { signal: controller.signal }).text()
    const total = session.get('/', { timeout: 500 })
    await settle()
    controller.abort()
    expect(await rejectionOf(signalled)).toBeInstanceOf(CancelledError)
    // No pause is begun that would end too late: it is handed on.
    expect((await total).status).toBe(503)
    const closed = rejectionOf(session.get('/').text())
    await session.close({ timeout: 0 })
    expect(await closed).toBeInstanceOf(ClosedResourceError)
    await checkNothingLeft(fixture)
    expect(session.statistics().requests).toBe(0)
  })

  test('hands on a response whose time goes on', async () => {
    await using fixture = new MemoryFixture(
      async (peer) => {
        await peer.request()
        peer.send(busy.subarray(0, -2))
      },
      { middleware: [retry({ attempts: 1 })], timeout: { total: 5_000, idle: 60_000 } },
    )
    const { session } = fixture
    const answer = await session.get('/')
    expect(answer.status).toBe(503)
    expect(session.statistics()).toMatchObject({ active: 1, requests: 1 })
    expect(await rejectionOf(answer.text())).toMatchObject({ phase: 'total' })
    expect(session.statistics()).toMatchObject({ active: 0, requests: 0 })
  })
})
