/**
 * The server against clients who want too much, over sockets, with the limits that it has by default: what
 * one of them gets is bounded, and the others are served meanwhile.
 */
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

const statuses = (text: string): string[] =>
  Array.from(text.matchAll(/HTTP\/1\.1 (\d{3}) /g), (match) => match[1] ?? '')

/** Waits until the server takes no more of what the client sends. */
async function heldBack(client: RawConnection): Promise<void> {
  let last = -1
  while (client.socket.writableLength !== last) {
    last = client.socket.writableLength
    await someTurns(30)
  }
}

describe('a flood of requests on one connection', () => {
  test('is answered in its order, 32 in a turn, and others are served in between', async () => {
    const most = 5_000
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    const flood = await hostile.connect()
    const sent = flood.send(get('/flood').repeat(most))
    await turnUntil(() => hostile.handled.length > 0)
    await good.ask()
    // It was not the last to be asked.
    expect(hostile.handled.indexOf('/')).toBeLessThan(most)
    await turnUntil(() => hostile.handled.length === most + 1)
    await sent
    flood.end()
    expect(statuses(await flood.readAll())).toEqual(Array.from({ length: most }, () => '404'))
  })

  test('behind one that is handled waits with its sender, but for 64 KiB', async () => {
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    const flood = await hostile.connect()
    const requests = get('/', `x: ${'y'.repeat(1_000)}`).repeat(20_000)
    void flood.send(get('/wait') + requests)
    await turnUntil(() => hostile.handled.length === 1)
    await heldBack(flood)
    // The system holds some of them, too.
    expect(flood.socket.writableLength).toBeGreaterThan(requests.length / 2)
    await good.ask()
    expect(hostile.handled).toEqual(['/wait', '/'])
    // That it has left can be seen only where we read again.
    flood.reset()
    hostile.go.set()
    await good.ask()
  })

  test('that takes no answers is handled no further than those are held by the system', async () => {
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    const deaf = await hostile.connect()
    deaf.pause()
    void deaf.send(get('/large').repeat(100))
    await turnUntil(() => hostile.handled.length > 0)
    await heldBack(deaf)
    await good.ask()
    expect(hostile.handled).toEqual(['/large', '/'])
  })

  test('of those that nobody answers is refused with the first that is wrong', async () => {
    await using hostile = await hostileServer()
    const client = await hostile.connect()
    await client.send(`${get('/')}nonsense\r\n\r\n${get('/')}`)
    expect(statuses(await client.readAll())).toEqual(['200', '400'])
    expect(hostile.handled).toEqual(['/'])
  })
})

describe('a head without end', () => {
  test.each([
    ['in its target', 'GET /', 'x', '414'],
    ['in a field', 'GET / HTTP/1.1\r\nhost: a\r\nx: ', 'x', '431'],
    ['in its fields', 'GET / HTTP/1.1\r\nhost: a\r\n', 'x: y\r\n', '431'],
    ['in its method', '', 'X', '501'],
    ['in empty lines', '', '\r\n', '400'],
    ['in trailers', `${chunked('/count')}0\r\n`, 'x: y\r\n', '431'],
    ['in the size of a chunk', chunked('/count'), '0', '400'],
    ['in chunk extensions', `${chunked('/count')}1;`, 'x', '400'],
    ['in extensions of many chunks', chunked('/count'), `1;${'x'.repeat(100)}\r\na\r\n`, '400'],
  ])('%s is refused before much of it has come', async (_where, start, more, status) => {
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    const client = await hostile.connect()
    await client.send(start)
    const flooding = client.flood(more.repeat(1_000), 50_000_000)
    expect(await client.readUntil('\r\n')).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    await client.untilEnded()
    await good.ask()
    client.destroy()
    expect(await flooding).toBeLessThan(50_000_000)
    expect(hostile.server.statistics()).toMatchObject({ malformed: 1, timedOut: 0 })
  })
})

describe('a body', () => {
  test('that is too large for its reader is refused with 413, by its length before it comes', async () => {
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    const told = await hostile.connect()
    await told.send(post('/read', '').replace('content-length: 0', 'content-length: 1048577'))
    expect(statuses(await told.readAll())).toEqual(['413'])
    const untold = await hostile.connect()
    await untold.send(chunked('/read'))
    const flooding = untold.flood(`10000\r\n${'x'.repeat(65_536)}\r\n`, 1_000_000_000)
    expect((await untold.message()).status).toBe(413)
    await untold.untilEnded()
    untold.destroy()
    expect(await flooding).toBeLessThan(1_000_000_000)
    await good.ask()
  })

  test('that nobody reads waits with its sender, but for 64 KiB', async () => {
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    const client = await hostile.connect()
    const length = 50_000_000
    await client.send(`POST /wait HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`)
    void client.send(Buffer.alloc(length))
    await heldBack(client)
    expect(client.socket.writableLength).toBeGreaterThan(length / 2)
    await good.ask()
    hostile.go.set()
  })
})

describe('a flood of connections', () => {
  test('over the limit is closed at once, and who is connected is served', async () => {
    await using hostile = await hostileServer({ limits: { connections: 20 } })
    const good = await GoodClient.connect(hostile)
    await good.ask()
    const flood = await hostile.connectAll(100)
    await turnUntil(() => hostile.server.statistics().refused === 81)
    expect(hostile.server.statistics()).toMatchObject({ connections: 20, accepted: 20 })
    await turnUntil(() => flood.filter(({ closed, ended }) => closed || ended).length === 81)
    await good.ask()
    // Their places are free again.
    for (const client of flood) client.destroy()
    await turnUntil(() => hostile.server.statistics().connections === 1)
    await (await GoodClient.connect(hostile)).ask()
    expect(hostile.server.statistics().refused).toBe(81)
  })

  test('that come and go leaves nothing behind', async () => {
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    for (let round = 0; round < 10; round++) {
      const flood = await hostile.connectAll(50)
      for (const client of flood) client.reset()
      await good.ask()
    }
    await turnUntil(() => hostile.server.statistics().connections === 1)
    expect(hostile.server.statistics().accepted).toBe(501)
  })
})
