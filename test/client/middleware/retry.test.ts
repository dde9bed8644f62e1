import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BusyResourceError, timeout } from 'spool'
import {
  type ClientMiddleware,
  ClientSession,
  ConnectError,
  type RequestRetryOptions,
  retry,
  type RetryEvent,
} from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { answer, MemoryFixture, type MemoryScript, response } from '../support/memory-server.ts'

let clock: MockClock

beforeEach(() => {
  clock = MockClock.install({ autoJump: true })
})

afterEach(() => {
  clock[Symbol.dispose]()
})

/** Answers with these one after the other, over whatever connection; undefined breaks it. */
function each(...answers: (string | Uint8Array | undefined)[]): MemoryScript {
  let next = 0
  return async (peer) => {
    for (;;) {
      await peer.request()
      const one = answers[Math.min(next++, answers.length - 1)]
      if (one === undefined) {
        peer.reset()
        return
      }
      peer.send(one)
    }
  }
}

const busy = response('busy', { status: '503 Busy' })

function fixtureOf(
  script: MemoryScript,
  options: RequestRetryOptions = {},
): { fixture: MemoryFixture; events: RetryEvent[] } {
  const events: RetryEvent[] = []
  const onRetry = (event: RetryEvent): void => void events.push(event)
  const middleware = [retry({ random: () => 0, onRetry, ...options })]
  return { fixture: new MemoryFixture(script, { middleware }), events }
}

describe('retry()', () => {
  it('sends a request again after 5xx, with pauses that double', async () => {
    const { fixture, events } = fixtureOf(each(busy, busy, busy, response('ok')), { attempts: 4 })
    await using _ = fixture
    const begun = clock.now()
    expect(await fixture.session.get('/').text()).toBe('ok')
    expect(clock.now() - begun).toBe(250 + 500 + 1000)
    expect(events.map(({ attempt, delay, status }) => [attempt, delay, status])).toEqual([
      [1, 250, 503],
      [2, 500, 503],
      [3, 1000, 503],
    ])
    // The bodies of the failures were read away.
    expect(fixture.server.peers).toHaveLength(1)
  })

  it('hands on the last answer, with its body', async () => {
    const { fixture, events } = fixtureOf(each(busy))
    await using _ = fixture
    const last = await fixture.session.get('/')
    expect([last.status, await last.text()]).toEqual([503, 'busy'])
    expect(events).toHaveLength(2)
  })

  it.each([
    ['seconds', '7', 7000],
    ['a shorter time than the pause', '0', 250],
    ['a date', new Date(Date.now() + 30_000).toUTCString(), 29_000],
    ['what is none', 'soon', 250],
  ])('waits as long as Retry-After asks for by %s', async (_, value, least) => {
    const limited = response('', { status: '429 Slow', fields: `Retry-After: ${value}\r\n` })
    const { fixture, events } = fixtureOf(each(limited, response('ok')))
    await using _fixture = fixture
    expect(await fixture.session.get('/').text()).toBe('ok')
    expect(events[0]?.delay).toBeGreaterThanOrEqual(least)
    expect(events[0]?.delay).toBeLessThanOrEqual(least + 1000)
  })

  it.each([['61'], ['99999999999'], ['9'.repeat(400)]])(
    'hands on an answer that asks for more time than is allowed: %s',
    async (seconds) => {
      const limited = response('', { status: '503 Slow', fields: `Retry-After: ${seconds}\r\n` })
      const { fixture, events } = fixtureOf(each(limited, response('ok')))
      await using _ = fixture
      expect((await fixture.session.get('/')).status).toBe(503)
      expect(events).toEqual([])
    },
  )

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('repeats %s', async (method) => {
    const { fixture, events } = fixtureOf(each(busy, response()))
    await using _ = fixture
    const head = method === 'HEAD'
    const last = await fixture.session.request(method, '/')
    if (!head) await last.bytes()
    else await last.close()
    expect(events).toHaveLength(1)
  })

  it.each(['POST', 'PATCH'])('repeats %s only if it is told to', async (method) => {
    const { fixture, events } = fixtureOf(each(busy))
    await using _ = fixture
    expect((await fixture.session.request(method, '/')).status).toBe(503)
    expect(events).toHaveLength(0)
    const told = fixtureOf(each(busy, response('ok')), { methods: ['post', 'PATCH'] })
    await using _told = told.fixture
    expect(await told.fixture.session.request(method, '/', { json: {} }).text()).toBe('ok')
  })

  it('repeats after a connection that broke, and throws what the last attempt threw', async () => {
    const { fixture, events } = fixtureOf(each(undefined, undefined, response('ok')))
    await using _ = fixture
    expect(await fixture.session.get('/').text()).toBe('ok')
    expect(events.map(({ status, error }) => [status, (error as Error).name])).toEqual([
      [undefined, 'TransferError'],
      [undefined, 'TransferError'],
    ])
    const never = fixtureOf(each(undefined))
    await using _never = never.fixture
    const error = await rejectionOf(never.fixture.session.get('/').text())
    expect(error).toMatchObject({ code: 'SPOOL_TRANSFER' })
    const post = await rejectionOf(never.fixture.session.post('/').text())
    expect(post).toMatchObject({ code: 'SPOOL_TRANSFER', requestSent: true })
    expect(never.events).toHaveLength(2)
  })

  it('repeats a POST that did not reach anybody, but not what a certificate says', async () => {
    let failures = 0
    const events: RetryEvent[] = []
    const failing: ClientMiddleware = () => {
      failures++
      throw new ConnectError(failures > 3 ? 'tls' : 'tcp', 'no')
    }
    const onRetry = (event: RetryEvent): void => void events.push(event)
    await using session = new ClientSession({ middleware: [retry({ onRetry }), failing] })
    expect(await rejectionOf(session.post('http://test/').text())).toMatchObject({ phase: 'tcp' })
    expect(events).toHaveLength(2)
    expect(await rejectionOf(session.post('http://test/').text())).toMatchObject({ phase: 'tls' })
    expect(events).toHaveLength(2)
  })

  it('throws at once what no repetition helps against', async () => {
    await using session = new ClientSession({
      middleware: [
        retry({ onRetry: () => expect.unreachable() }),
        () => {
          throw new BusyResourceError('full')
        },
      ],
    })
    expect(await rejectionOf(session.get('http://test/').text())).toMatchObject({ message: 'full' })
  })

  it('does not repeat a body that can be sent once', async () => {
    const { fixture, events } = fixtureOf(each(busy))
    await using _ = fixture
    const body = (function* () {
      yield 'x'
    })()
    expect((await fixture.session.put('/', { body })).status).toBe(503)
    expect(events).toEqual([])
  })

  it('begins no pause that would end after the deadline', async () => {
    const { fixture, events } = fixtureOf(each(busy), { attempts: 10 })
    await using _ = fixture
    const status = await timeout(700, async () => (await fixture.session.get('/')).status)
    expect(status).toBe(503)
    expect(events.map(({ delay }) => delay)).toEqual([250])
    events.length = 0
    expect((await fixture.session.get('/', { timeout: 800 })).status).toBe(503)
    expect(events.map(({ delay }) => delay)).toEqual([250, 500])
    const own = fixtureOf(each(busy), { attempts: 10, total: 100 })
    await using _own = own.fixture
    expect((await own.fixture.session.get('/')).status).toBe(503)
    expect(own.events).toEqual([])
  })

  it('has ten repetitions saved, and a fifth of the requests from then on', async () => {
    const { fixture, events } = fixtureOf(each(busy), { attempts: 100, delay: 1, maxDelay: 1 })
    await using _ = fixture
    await (await fixture.session.get('/')).bytes()
    expect(events).toHaveLength(10)
    for (let request = 0; request < 10; request++) await (await fixture.session.get('/')).bytes()
    expect(events).toHaveLength(12)
    const endless = fixtureOf(each(busy), { attempts: 50, delay: 0, budget: Infinity })
    await using _endless = endless.fixture
    await (await endless.fixture.session.get('/')).bytes()
    expect(endless.events).toHaveLength(49)
  })

  it('ends its pause where the request is cancelled', async () => {
    const { fixture, events } = fixtureOf(each(busy), { delay: 10_000 })
    await using _ = fixture
    const controller = new AbortController()
    const text = rejectionOf(fixture.session.get('/', { signal: controller.signal }).text())
    await settle()
    controller.abort()
    expect(await text).toMatchObject({ code: 'SPOOL_CANCELLED' })
    expect(events.length).toBeLessThan(3)
  })

  it('refuses numbers that make no sense', () => {
    for (const options of [{ attempts: 0 }, { delay: -1 }, { budget: -1 }, { total: Number.NaN }]) {
      expect(() => retry(options)).toThrow(RangeError)
    }
  })

  it('leaves what has succeeded alone', async () => {
    const { fixture, events } = fixtureOf(answer('fine'))
    await using _ = fixture
    expect(await fixture.session.get('/').text()).toBe('fine')
    expect(events).toEqual([])
  })
})
