import { describe, expect, it } from 'vitest'
import { TimeoutError } from 'spool'
import type { TimeoutOptions } from 'spool/client'
import { ClientSession } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { Waiter } from '../../src/concurrency/scope/waiter.ts'
import { timeoutsFrom } from '../../src/client/timeouts.ts'
import type { Transport } from '../../src/io/transport.ts'
import { rejectionOf } from '../support/rejection.ts'
import {
  answerRaw,
  checkNothingLeft,
  MemoryFixture,
  type MemoryScript,
} from './support/memory-server.ts'

const silent: MemoryScript = () => undefined
const halfBody = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'

/** Whether the request fails with a timeout of this phase, after the time and not before it. */
async function checkTimeout(
  clock: MockClock,
  fixture: MemoryFixture,
  request: PromiseLike<unknown>,
  phase: string,
  allowed: number,
): Promise<void> {
  const failure = rejectionOf(request)
  let failed = false
  void failure.then(() => (failed = true))
  await settle()
  await clock.advance(allowed - 1)
  expect(failed, 'It failed too early').toBe(false)
  // As coarse as its timers.
  await clock.advance(allowed < 1000 ? 12 : 102)
  expect(failed, 'It did not fail in time').toBe(true)
  const error = await failure
  expect(error).toBeInstanceOf(TimeoutError)
  expect(error).toMatchObject({ code: 'SPOOL_TIMEOUT', phase, timeout: allowed })
  expect((error as Error).message).toBe(`GET http://test/ timed out after ${allowed} ms (${phase})`)
  await checkNothingLeft(fixture)
}

describe('the timeout of a request', () => {
  it.each([
    ['total', 200],
    ['total', 5000],
    ['headers', 150],
    ['headers', 5000],
  ] as const)('"%s" of %d ms ends a request without an answer', async (phase, allowed) => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(silent, { timeout: { [phase]: allowed } })
    await checkTimeout(clock, fixture, fixture.session.get('/').text(), phase, allowed)
  })

  it('given as a number is the total', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(silent)
    const request = fixture.session.get('/', { timeout: 300 })
    await checkTimeout(clock, fixture, request, 'total', 300)
  })

  it('of a request goes over that of the session, name by name', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(silent, { timeout: { headers: 200, total: 9000 } })
    const request = fixture.session.get('/', { timeout: { headers: 700 } })
    await checkTimeout(clock, fixture, request, 'headers', 700)
  })

  it('has defaults: 300 s in all, 30 s to connect, 60 s for the head and between bytes', () => {
    expect(timeoutsFrom(undefined)).toEqual({
      total: 300_000,
      pool: Infinity,
      connect: 30_000,
      headers: 60_000,
      idle: 60_000,
      write: Infinity,
    })
  })

  it('"total" counts the wait for a connection', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(silent, { limit: 1 })
    const first = rejectionOf(fixture.session.get('/', { timeout: 400 }))
    const second = fixture.session.get('/', { timeout: 400 })
    await checkTimeout(clock, fixture, second, 'total', 400)
    expect(await first).toMatchObject({ phase: 'total' })
  })

  it('"pool" ends the wait for a connection', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(silent, { limit: 1 })
    const first = rejectionOf(fixture.session.get('/', { timeout: { headers: 100 } }))
    // It gets its connection in time, and then waits for as long as it likes.
    const second = fixture.session.get('/', { timeout: { pool: 200, headers: 5000 } })
    const third = rejectionOf(fixture.session.get('/', { timeout: { pool: 200 } }))
    const failure = rejectionOf(second)
    await clock.advance(120)
    expect(await first).toMatchObject({ phase: 'headers' })
    await clock.advance(100)
    expect(await third).toMatchObject({ phase: 'pool', timeout: 200 })
    expect(fixture.session.statistics()).toMatchObject({ waiting: 0, active: 1 })
    await clock.advance(5000)
    expect(await failure).toMatchObject({ phase: 'headers' })
    await checkNothingLeft(fixture)
  })

  it('"connect" ends the opening of a connection, and cancels it', async () => {
    using clock = MockClock.install()
    let cancelled = false
    const session = new ClientSession(
      { timeout: { connect: 3000 } },
      () =>
        new Waiter<Transport>(() => {
          cancelled = true
        }).promise,
    )
    const failure = rejectionOf(session.get('http://test/'))
    await clock.advance(2900)
    expect(session.statistics()).toMatchObject({ connecting: 1 })
    await clock.advance(210)
    expect(await failure).toMatchObject({ phase: 'connect', timeout: 3000 })
    expect(cancelled).toBe(true)
    expect(session.statistics()).toMatchObject({ connecting: 0, open: 0 })
    await session.close()
  })

  it('"headers" is not put off by bytes of a head, or by 1xx responses', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(silent, { timeout: { headers: 2000 } })
    const failure = rejectionOf(fixture.session.get('/').text())
    await settle()
    const [peer] = fixture.server.peers
    for (const text of ['HTTP/1.1 103 Early Hints\r\n\r\n', 'HTTP', '/1.1 200', ' OK\r\nA: b']) {
      await clock.advance(450)
      peer?.send(text)
    }
    await clock.advance(300)
    expect(await failure).toMatchObject({ phase: 'headers' })
    await checkNothingLeft(fixture)
  })

  it('"headers" begins when the request is sent to its end', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(silent, { timeout: { headers: 2000 } })
    const gate = new Waiter<void>()
    async function* slow(): AsyncGenerator<string> {
      yield 'a'
      await gate.promise
      yield 'b'
    }
    const failure = rejectionOf(fixture.session.post('/', { body: slow() }))
    await clock.advance(60_000)
    gate.resolve()
    await settle()
    expect(fixture.session.statistics()).toMatchObject({ active: 1 })
    await clock.advance(2110)
    expect(await failure).toMatchObject({ phase: 'headers' })
    await checkNothingLeft(fixture)
  })

  it('"idle" ends a body that stops coming', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(answerRaw(halfBody), { timeout: { idle: 2000 } })
    await checkTimeout(clock, fixture, fixture.session.get('/').text(), 'idle', 2000)
  })

  it('"idle" is put off by each byte', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(answerRaw(halfBody), { timeout: { idle: 2000 } })
    const body = fixture.session.get('/').text()
    await settle()
    for (const byte of 'world') {
      await clock.advance(1900)
      fixture.server.peers[0]?.send(byte)
    }
    await settle()
    expect(await body).toBe('helloworld')
  })

  it('"idle" does not count the time in which the reader takes nothing', async () => {
    using clock = MockClock.install()
    const size = 300_000
    await using fixture = new MemoryFixture(
      async (peer) => {
        await peer.request()
        peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
        peer.send(Buffer.alloc(size, 'a'))
      },
      { timeout: { idle: 2000 } },
      { chunkSize: 16_384 },
    )
    const response = await fixture.session.get('/')
    await settle()
    expect(fixture.server.peers[0]?.paused).toBe(true)
    await clock.advance(30_000)
    expect((await response.bytes()).byteLength).toBe(size)
  })

  it('"total" holds while the reader takes nothing', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(
      async (peer) => {
        await peer.request()
        peer.send('HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n')
        peer.send(Buffer.alloc(200_000))
      },
      { timeout: 5000 },
      { chunkSize: 16_384 },
    )
    const response = await fixture.session.get('/')
    await clock.advance(5110)
    expect(await rejectionOf(response.bytes())).toMatchObject({ phase: 'total' })
    await checkNothingLeft(fixture)
  })

  it('"total" goes on over redirects', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(
      async (peer) => {
        await peer.request()
        peer.respond('', { status: '302 Found', fields: 'Location: /\r\n' })
      },
      { timeout: 1000 },
    )
    await checkTimeout(clock, fixture, fixture.session.get('/').text(), 'total', 1000)
  })

  it.each([
    ['bytes', Buffer.alloc(400_000)],
    ['text', 'a'.repeat(400_000)],
    ['chunks', Array.from({ length: 40 }, () => Buffer.alloc(10_000))],
  ])('"write" ends a request of which nothing is taken, sent as %s', async (_, body) => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture((peer) => peer.pause(), { timeout: { write: 2000 } })
    const failure = rejectionOf(fixture.session.post('/', { body }))
    await clock.advance(1900)
    expect(fixture.session.statistics()).toMatchObject({ active: 1 })
    await clock.advance(210)
    expect(await failure).toMatchObject({ phase: 'write', timeout: 2000 })
    await checkNothingLeft(fixture)
  })

  it('"write" does not count the time that the body takes to be made', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(undefined, { timeout: { write: 2000 } })
    const gate = new Waiter<void>()
    async function* slow(): AsyncGenerator<string> {
      yield 'a'
      await gate.promise
      yield 'b'
    }
    const body = fixture.session.post('/', { body: slow() }).text()
    await clock.advance(30_000)
    gate.resolve()
    await settle()
    expect(await body).toBe('hello')
  })

  it('"write" is put off while bytes leave', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(
      async (peer) => {
        peer.pause()
        await peer.request()
        peer.respond('hello')
      },
      { timeout: { write: 2000 } },
      { chunkSize: 1000 },
    )
    const body = fixture.session.post('/', { body: Buffer.alloc(100_000) }).text()
    for (let seconds = 0; seconds < 10; seconds++) {
      await clock.advance(1000)
      await fixture.server.peers[0]?.take(5000)
    }
    expect(fixture.session.statistics()).toMatchObject({ active: 1 })
    fixture.server.peers[0]?.resume()
    expect(await body).toBe('hello')
  })

  it('leaves no timer behind when the session is closed', async () => {
    using clock = MockClock.install()
    {
      await using fixture = new MemoryFixture()
      await fixture.session.get('/').text()
    }
    expect(clock.pending).toBe(0)
  })
})

describe('timeoutsFrom()', () => {
  it.each([0, -1, Number.NaN, '5' as unknown as number])('refuses %j', (value) => {
    for (const name of ['total', 'pool', 'connect', 'headers', 'idle', 'write'] as const) {
      const options: TimeoutOptions = { [name]: value }
      expect(() => timeoutsFrom(options)).toThrow(
        typeof value === 'number' ? RangeError : TypeError,
      )
      expect(() => timeoutsFrom(options)).toThrow(`"${name}"`)
    }
  })

  it('takes Infinity for no limit', () => {
    expect(timeoutsFrom(Infinity).total).toBe(Infinity)
  })
})
