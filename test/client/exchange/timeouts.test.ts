/** The time of each phase, on a clock that the test moves. */
import { describe, expect, test } from 'vitest'
import type { ClientResponse, ClientSession, TimeoutOptions } from '../../../src/client/index.ts'
import { sleep, TimeoutError } from '../../../src/index.ts'
import { MockClock } from '../../../src/testing/mock-clock.ts'
import { settle } from '../../../src/testing/settle.ts'
import { MemoryNetwork, type MemoryPeer, response } from '../memory-network.ts'

const url = 'http://test/'
const none: TimeoutOptions = {
  total: Infinity,
  connect: Infinity,
  headers: Infinity,
  idle: Infinity,
}

async function* source(): AsyncGenerator<string> {
  yield 'a'
  await sleep(50_000)
  yield 'b'
}

/** What a request came to, without waiting for it. */
function watch(request: PromiseLike<unknown>): { error: unknown; value: unknown } {
  const outcome: { error: unknown; value: unknown } = { error: undefined, value: undefined }
  request.then(
    (value) => (outcome.value = value),
    (error: unknown) => (outcome.error = error),
  )
  return outcome
}

async function begin(
  timeout: TimeoutOptions,
  start: (session: ClientSession) => PromiseLike<unknown> = (session) => session.get(url).text(),
): Promise<{
  network: MemoryNetwork
  session: ClientSession
  outcome: { error: unknown; value: unknown }
  peer: MemoryPeer
}> {
  const network = new MemoryNetwork()
  const session = network.session({ timeout: { ...none, ...timeout }, limit: 1 })
  const outcome = watch(start(session))
  const peer = await network.peer()
  return { network, session, outcome, peer }
}

describe('A request times out', () => {
  test('in the queue (pool)', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome } = await begin({ pool: 5000 })
    await peer.request()
    const second = watch(session.get(url).text())
    await clock.advance(4999)
    expect(second.error).toBeUndefined()
    await clock.advance(101)
    expect(second.error).toMatchObject({ phase: 'pool', timeout: 5000 })
    expect(session.statistics()).toMatchObject({ waiting: 0, requests: 1 })
    peer.send(response('a'))
    await settle()
    expect(outcome.value).toBe('a')
    await session.close()
  })

  test('connecting (connect)', async () => {
    using clock = MockClock.install()
    const network = new MemoryNetwork()
    network.failure = 'never'
    await using session = network.session({ timeout: { ...none, connect: 3000 } })
    const outcome = watch(session.get(url).text())
    await clock.advance(3100)
    expect(outcome.error).toMatchObject({ phase: 'connect', timeout: 3000 })
    expect(TimeoutError.is(outcome.error)).toBe(true)
    expect(String(outcome.error)).toContain('GET http://test/ timed out')
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('waiting for the head (headers), which no byte of it puts off', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome, network } = await begin({ headers: 2000 })
    await peer.request()
    peer.send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200')
    await clock.advance(1500)
    peer.send(' OK\r\nX-A: ')
    await clock.advance(600)
    expect(outcome.error).toMatchObject({ phase: 'headers', timeout: 2000 })
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
    await settle()
    expect(network.open).toBe(0)
  })

  test('between two parts of the body (idle), which each part puts off', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome } = await begin({ idle: 2000 })
    await peer.request()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n')
    for (let part = 0; part < 5; part++) {
      await clock.advance(1900)
      peer.send('x')
    }
    await clock.advance(1900)
    expect(outcome.error).toBeUndefined()
    await clock.advance(200)
    expect(outcome.error).toMatchObject({ phase: 'idle', timeout: 2000 })
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('after all of it (total), however much comes meanwhile', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome } = await begin({ total: 10_000, idle: 2000 })
    await peer.request()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n')
    for (let part = 0; part < 6; part++) {
      await clock.advance(1800)
      peer.send('x')
    }
    expect(outcome.error).toMatchObject({ phase: 'total', timeout: 10_000 })
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('after all of it (total), redirects included', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome } = await begin({ total: 10_000 })
    for (let hop = 0; hop < 4; hop++) {
      await peer.request()
      await clock.advance(3000)
      peer.send(response('', 'Location: /next\r\n', '302 Found'))
      await settle()
    }
    expect(outcome.error).toMatchObject({ phase: 'total', timeout: 10_000 })
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('sending, when nothing leaves (write)', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome } = await begin({ write: 4000, headers: 1000 }, (session) =>
      session.post(url, { body: new Uint8Array(1_000_000) }).text(),
    )
    peer.pause()
    await clock.advance(3900)
    expect(outcome.error).toBeUndefined()
    await clock.advance(200)
    expect(outcome.error).toMatchObject({ phase: 'write', timeout: 4000 })
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('sending a stream, when nothing leaves (write)', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome } = await begin({ write: 4000, headers: 1000 }, (session) =>
      session.post(url, { body: [new Uint8Array(100_000), new Uint8Array(100_000)] }).text(),
    )
    peer.pause()
    await clock.advance(4100)
    expect(outcome.error).toMatchObject({ phase: 'write', timeout: 4000 })
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('accurately where the time is short', async () => {
    using clock = MockClock.install()
    const { peer, outcome } = await begin({ headers: 50 })
    await peer.request()
    await clock.advance(49)
    expect(outcome.error).toBeUndefined()
    await clock.advance(12)
    expect(outcome.error).toMatchObject({ phase: 'headers' })
  })
})

describe('A request does not time out', () => {
  test('while the source of its body takes its time', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome } = await begin({ write: 1000, headers: 1000 }, (session) =>
      session.post(url, { body: source() }).text(),
    )
    await clock.advance(50_000)
    await peer.readUntil('0\r\n\r\n')
    await clock.advance(900)
    peer.send(response('ok'))
    await settle()
    expect(outcome.value).toBe('ok')
    await session.close()
  })

  test('while nobody reads its body', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome } = await begin({ idle: 1000 }, (session) => session.get(url))
    await peer.request()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n')
    peer.send(Buffer.alloc(100_000))
    await clock.advance(100_000)
    const response = outcome.value as ClientResponse
    const bytes = response.bytes()
    await settle()
    peer.send(Buffer.alloc(100_000))
    expect((await bytes).byteLength).toBe(200_000)
    await session.close()
  })

  test('for the phase of a request before it on the same connection', async () => {
    using clock = MockClock.install()
    const { session, peer, outcome } = await begin({ headers: 2000 })
    await peer.answer('a')
    await settle()
    expect(outcome.value).toBe('a')
    await clock.advance(1500)
    const second = watch(session.get(url).text())
    await peer.request()
    await clock.advance(1500)
    expect(second.error).toBeUndefined()
    peer.send(response('b'))
    await settle()
    expect(second.value).toBe('b')
    await session.close()
  })
})

describe('An idle connection', () => {
  test('is closed after its time, and leaves no timer', async () => {
    using clock = MockClock.install()
    const network = new MemoryNetwork()
    await using session = network.session({ keepAlive: 5000 })
    const text = session.get(url).text()
    const peer = await network.peer()
    await peer.answer('a')
    await text
    await clock.advance(4900)
    expect(session.statistics()).toMatchObject({ idle: 1 })
    await clock.advance(200)
    expect(session.statistics()).toMatchObject({ open: 0 })
    await settle()
    expect(network.open).toBe(0)
    await clock.advance(300_000)
    expect(clock.pending).toBe(0)
  })

  test('is not used when the server said that it closes it sooner', async () => {
    using clock = MockClock.install()
    const network = new MemoryNetwork()
    await using session = network.session()
    const text = session.get(url).text()
    const peer = await network.peer()
    await peer.answer('a', 'Keep-Alive: timeout=5, max=100\r\n')
    await text
    await clock.advance(4001)
    const next = session.get(url).text()
    await (await network.peer(1)).answer('b')
    expect(await next).toBe('b')
    await settle()
    expect(network.open).toBe(1)
  })
})
