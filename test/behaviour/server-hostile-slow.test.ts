/**
 * The server against clients who are slow, over sockets, with the limits that it has by default: each
 * wait for a client has an end, what a slow one costs is bounded, and the others are served meanwhile.
 */
import { MockClock } from 'spool/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GoodClient, hostileServer } from '../support/hostile-server.ts'
import {
  expectNothingLeft,
  openResources,
  someTurns,
  turnUntil,
} from '../support/open-resources.ts'
import type { RawConnection } from '../support/raw-connection.ts'
import { get, post } from '../support/requests.ts'

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

const chunked = (target: string): string =>
  `POST ${target} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n`

async function sendAll(clients: readonly RawConnection[], bytes: string): Promise<void> {
  await Promise.all(clients.map((client) => client.send(bytes)))
}

/** What each gets until the server ends the connection, and then this side is ended too. */
async function lastWords(clients: readonly RawConnection[]): Promise<string[]> {
  const words = await Promise.all(clients.map((client) => client.readAll()))
  for (const client of clients) client.end()
  await Promise.all(clients.map((client) => client.untilClosed()))
  return words.map((word) => word.split('\r\n')[0] ?? '')
}

const count = 30
const all = (answer: string): string[] => Array.from({ length: count }, () => answer)

describe('a head', () => {
  test('that drips is answered with 408 after 15 s, and others are served meanwhile', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    const slow = await hostile.connectAll(count)
    await sendAll(slow, 'GET / HTTP/1.1\r\nhost: a\r\nx: ')
    await turnUntil(() => hostile.server.statistics().idle === 1)
    for (let seconds = 0; seconds < 14; seconds++) {
      await clock.advance(1_000)
      await sendAll(slow, 'a')
      await good.ask()
    }
    expect(hostile.server.statistics()).toMatchObject({ connections: count + 1, timedOut: 0 })
    await clock.advance(1_500)
    expect(await lastWords(slow)).toEqual(all('HTTP/1.1 408 Request Timeout'))
    await good.ask()
    expect(hostile.server.statistics()).toMatchObject({ connections: 1, timedOut: count })
  })

  test('that never begins ends the connection after 15 s without a word', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const silent = await hostile.connectAll(count)
    await turnUntil(() => hostile.server.statistics().connections === count)
    await clock.advance(14_000)
    expect(hostile.server.statistics().connections).toBe(count)
    await clock.advance(1_500)
    expect(await lastWords(silent)).toEqual(all(''))
  })

  test('that never comes behind an answered request ends the connection after 75 s', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const idle = await hostile.connectAll(count)
    await sendAll(idle, get('/'))
    await Promise.all(idle.map((client) => client.message()))
    await clock.advance(74_000)
    expect(hostile.server.statistics()).toMatchObject({ connections: count, idle: count })
    await clock.advance(1_500)
    expect(await lastWords(idle)).toEqual(all(''))
    expect(hostile.server.statistics().timedOut).toBe(0)
  })

  test('byte by byte is read as any other', async () => {
    await using hostile = await hostileServer()
    const client = await hostile.connect()
    await client.drip(get('/') + post('/read', 'abc') + chunked('/count') + '1\r\na\r\n0\r\n\r\n')
    for (const body of ['root', 'read 3', 'counted 1']) {
      expect((await client.message()).body.toString()).toBe(body)
    }
  })
})

describe('a body', () => {
  test('that stops is answered with 408 after 30 s, and others are served meanwhile', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    const slow = await hostile.connectAll(count)
    // Enough at once for the least rate to hold.
    await sendAll(slow, `${chunked('/count')}4000\r\n${'x'.repeat(16_384)}`)
    await turnUntil(() => hostile.server.statistics().active === count)
    await someTurns()
    for (let seconds = 0; seconds < 29; seconds++) {
      await clock.advance(1_000)
      await good.ask()
    }
    expect(hostile.server.statistics()).toMatchObject({ active: count, timedOut: 0 })
    await clock.advance(2_500)
    expect(await lastWords(slow)).toEqual(all('HTTP/1.1 408 Request Timeout'))
    await good.ask()
    expect(hostile.server.statistics()).toMatchObject({ active: 0, timedOut: count })
  })

  test('of less than 240 bytes a second is answered with 408 soon after 5 s', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const slow = await hostile.connectAll(count)
    await sendAll(slow, chunked('/count'))
    await turnUntil(() => hostile.server.statistics().active === count)
    for (let seconds = 0; seconds < 5; seconds++) {
      await sendAll(slow, `c8\r\n${'x'.repeat(200)}\r\n`)
      await someTurns()
      expect(hostile.server.statistics().timedOut).toBe(0)
      await clock.advance(1_000)
    }
    await clock.advance(1_500)
    expect(await lastWords(slow)).toEqual(all('HTTP/1.1 408 Request Timeout'))
  })

  test('that nobody wants has its times, too', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const client = await hostile.connect()
    await client.send(post('/nowhere', 'x'.repeat(100)).slice(0, -99))
    expect((await client.message()).status).toBe(404)
    await turnUntil(() => hostile.server.statistics().active === 0)
    await clock.advance(4_000)
    expect(hostile.server.statistics().connections).toBe(1)
    await clock.advance(3_000)
    expect(await client.readAll()).toBe('')
    expect(hostile.server.statistics().timedOut).toBe(1)
  })

  test('that waits for 100 Continue and then does not come has its times, too', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const client = await hostile.connect()
    await client.send(post('/read', 'abc', 'expect: 100-continue').slice(0, -3))
    expect((await client.message()).status).toBe(100)
    await clock.advance(7_000)
    expect(await client.readUntil('\r\n')).toBe('HTTP/1.1 408 Request Timeout\r\n')
  })
})

/** Waits until the server makes no more for a client that takes nothing. */
async function stalled(made: () => number): Promise<number> {
  let last = -1
  while (made() !== last || last === 0) {
    last = made()
    await someTurns(30)
  }
  return last
}

describe('a response', () => {
  test('that is not taken is made no further, and after 60 s the connection is closed', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    const deaf = await hostile.connectAll(5)
    for (const client of deaf) client.pause()
    await sendAll(deaf, get('/endless'))
    const made = await stalled(() => hostile.made)
    // What the system holds of five connections, and little more.
    expect(made).toBeLessThan(5 * 16 * 2 ** 20)
    for (let seconds = 0; seconds < 58; seconds += 2) {
      await clock.advance(2_000)
      await good.ask()
    }
    expect(hostile.server.statistics()).toMatchObject({ connections: 6, timedOut: 0 })
    expect(hostile.made).toBe(made)
    await clock.advance(3_000)
    expect(hostile.server.statistics()).toMatchObject({ connections: 1, active: 0, timedOut: 5 })
    expect(hostile.streams).toBe(0)
    await good.ask()
  })

  test('that is taken slowly goes on, however long it takes', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const slow = await hostile.connect()
    // What comes is thrown away.
    slow.socket.removeAllListeners('data').on('data', () => undefined)
    slow.pause()
    await slow.send(get('/endless'))
    // Twice 25 s are within the minute that is allowed: what the system still took in the moment of one pause may
    // be all that is seen of the next.
    for (let pauses = 0; pauses < 10; pauses++) {
      const made = await stalled(() => hostile.made)
      await clock.advance(25_000)
      slow.resume()
      await turnUntil(() => hostile.made > made)
      slow.pause()
    }
    expect(hostile.server.statistics()).toMatchObject({ connections: 1, timedOut: 0 })
  })

  test('whose client does not end its side is over 5 s after it', async () => {
    using clock = MockClock.install()
    await using hostile = await hostileServer()
    const silent = await hostile.connectAll(count)
    await sendAll(silent, get('/', 'connection: close'))
    for (const client of silent) expect(await client.readAll()).toContain('root')
    await clock.advance(4_000)
    expect(hostile.server.statistics().connections).toBe(count)
    await clock.advance(1_500)
    await turnUntil(() => hostile.server.statistics().connections === 0)
  })
})
