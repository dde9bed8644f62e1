import { sleep } from 'spool'
import { Application, stream, text } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { turnUntil } from '../../support/open-resources.ts'
import { MemoryServer } from '../../support/memory-server.ts'
import { get, post } from '../../support/requests.ts'

const app = new Application()
  .get('/', () => text('root'))
  .post('/echo', ({ body }) => stream(body))
  .post('/unread', () => stream(['a', 'b']))
  .get('/slow', async () => {
    await sleep(200_000)
    return text('slept')
  })
  .post('/read', async (request) => text(`read ${(await request.text()).length}`))
  .post('/count', async (request) => {
    let length = 0
    for await (const chunk of request.body) length += chunk.byteLength
    return text(`counted ${length}`)
  })
  .post('/wait', async (request) => {
    await sleep(40_000)
    return text(`read ${(await request.text()).length}`)
  })
  .get('/big', () => text('x'.repeat(200_000)))

const chunked = (target: string): string =>
  `POST ${target} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n`

function serve(options?: ConstructorParameters<typeof MemoryServer>[1]): MemoryServer {
  return new MemoryServer(app, options)
}

describe('a head', () => {
  test('that takes longer than 15 s is answered with 408, however it drips', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send('GET / HTTP/1.1\r\nhost: ')
    for (let seconds = 0; seconds < 14; seconds++) {
      await clock.advance(1_000)
      await client.send('a')
    }
    expect(client.text).toBe('')
    await clock.advance(1_200)
    expect(client.take()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*connection: close\r\n/)
    expect(client.ended).toBe(true)
    await client.end()
    expect(client.closed).toBe(true)
    expect(server.host.statistics()).toMatchObject({ connections: 0, timedOut: 1 })
    server.host.end()
  })

  test('of which nothing comes for 15 s ends the connection without a word', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await clock.advance(15_200)
    expect(client).toMatchObject({ text: '', ended: true })
    expect(server.host.statistics().connections).toBe(0)
    server.host.end()
  })

  test('has its 15 s anew for each request', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(get('/'))
    await clock.advance(60_000)
    await client.send('GET / HTTP/1.1\r\n')
    await clock.advance(14_000)
    await client.send('host: a\r\n\r\n')
    expect(client.statuses()).toEqual([200, 200])
    await client.end()
    server.host.end()
  })

  test.each([
    ['431', 'of more than 16 KiB', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(16_384)}\r\n\r\n`],
    [
      '431',
      'of more than 100 fields',
      get('/', ...Array.from({ length: 100 }, (_, at) => `x${at}: y`)),
    ],
    ['414', 'with a target of more than 8 KiB', get(`/${'x'.repeat(8_192)}`)],
    ['400', 'without a host', 'GET / HTTP/1.1\r\n\r\n'],
    ['400', 'that is none', 'hello\r\n\r\n'],
    ['417', 'that expects what we can not do', post('/read', 'x', 'expect: miracles')],
  ])('is answered with %s %s, and nothing after it is read', async (status, _what, head) => {
    const server = serve()
    const client = server.connect()
    await client.send(head + get('/'))
    expect(client.statuses()).toEqual([Number(status)])
    expect(client.ended).toBe(true)
    await client.end()
    expect(client.closed).toBe(true)
    expect(server.host.statistics()).toMatchObject({ connections: 0, malformed: 1, requests: 0 })
    expect(server.errors).toEqual([])
    server.host.end()
  })

  test('may be longer where the limits say so', async () => {
    const server = serve({ limits: { head: 100_000, target: 50_000, fields: 1_000 } })
    const client = server.connect()
    const fields = Array.from({ length: 900 }, (_, at) => `x${at}: y`)
    await client.send(get(`/?${'x'.repeat(40_000)}`, ...fields))
    expect(client.statuses()).toEqual([200])
    await client.end()
    server.host.end()
  })
})

describe('a body', () => {
  test('that stops for 30 s is answered with 408', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(chunked('/read'))
    await client.send(`10000\r\n${'x'.repeat(65_536)}`)
    await clock.advance(29_000)
    expect(client.text).toBe('')
    await clock.advance(2_500)
    expect(client.statuses()).toEqual([408])
    await client.end()
    expect(client.closed).toBe(true)
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0, timedOut: 1 })
    expect(server.errors).toEqual([])
    server.host.end()
  })

  test('of less than 240 bytes a second is answered with 408 after 5 s', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(chunked('/count'))
    for (let seconds = 0; seconds < 5; seconds++) {
      await client.send(`64\r\n${'x'.repeat(100)}\r\n`)
      expect(client.text).toBe('')
      await clock.advance(1_000)
    }
    await clock.advance(1_500)
    expect(client.statuses()).toEqual([408])
    await client.end()
    server.host.end()
  })

  test('of more than 240 bytes a second is read for as long as it takes', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(chunked('/count'))
    for (let seconds = 0; seconds < 40; seconds++) {
      await client.send(`190\r\n${'x'.repeat(400)}\r\n`)
      await clock.advance(1_000)
    }
    await client.send('0\r\n\r\n')
    expect(client.take()).toContain('counted 16000')
    await client.end()
    server.host.end()
  })

  test('is not on the clock while the handler does not read', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(`${chunked('/wait')}14000\r\n${'x'.repeat(81_920)}`)
    await clock.advance(39_000)
    expect(client.text).toBe('')
    await clock.advance(2_000)
    await client.send('\r\n0\r\n\r\n')
    expect(client.take()).toContain('read 81920')
    await client.end()
    server.host.end()
  })

  test('that waits for 100 Continue is not on the clock, and told when it is read', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(post('/wait', 'abc', 'expect: 100-continue').slice(0, -3))
    await clock.advance(39_000)
    expect(client.text).toBe('')
    await clock.advance(2_000)
    expect(client.take()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    await client.send('abc')
    expect(client.take()).toContain('read 3')
    await client.end()
    server.host.end()
  })

  test('that nobody asked for by 100 Continue is not waited for', async () => {
    const server = serve()
    const client = server.connect()
    await client.send(post('/none', 'abc', 'expect: 100-continue').slice(0, -3))
    expect(client.take()).toMatch(/^HTTP\/1\.1 404 [^]*connection: close\r\n/)
    expect(client.ended).toBe(true)
    await client.end()
    server.host.end()
  })

  test('of more than 1 MiB is answered with 413, before it comes if its length is told', async () => {
    const server = serve()
    const told = server.connect()
    await told.send(post('/read', '').replace('content-length: 0', 'content-length: 1048577'))
    expect(told.statuses()).toEqual([413])
    const untold = server.connect()
    await untold.send(chunked('/read'))
    for (let kib = 0; kib < 1_024; kib += 64) {
      await untold.send(`10000\r\n${'x'.repeat(65_536)}\r\n`)
    }
    expect(untold.text).toBe('')
    await untold.send('1\r\nx')
    expect(untold.statuses()).toEqual([413])
    for (const client of [told, untold]) {
      await client.end()
      expect(client.closed).toBe(true)
    }
    server.host.end()
  })

  test('of any length is read as a stream', async () => {
    const server = serve()
    const client = server.connect()
    await client.send(chunked('/count'))
    for (let kib = 0; kib < 2_048; kib += 64) {
      await client.send(`10000\r\n${'x'.repeat(65_536)}\r\n`)
    }
    await client.send('0\r\n\r\n')
    expect(client.take()).toContain('counted 2097152')
    await client.end()
    server.host.end()
  })

  test('that the handler does not read is read away, up to 64 KiB', async () => {
    const server = serve()
    const short = server.connect()
    await short.send(post('/none', 'x'.repeat(60_000)) + get('/'))
    expect(short.statuses()).toEqual([404, 200])
    const long = server.connect()
    await long.send(post('/none', 'x'.repeat(70_000)).slice(0, -60_000))
    expect(long.take()).toMatch(/^HTTP\/1\.1 404 [^]*connection: close\r\n/)
    const unknown = server.connect()
    // It may end soon or never: a client that was told to go on would lose its next request to that.
    await unknown.send(chunked('/none'))
    expect(unknown.take()).toMatch(/^HTTP\/1\.1 404 [^]*connection: close\r\n/)
    expect(unknown.ended).toBe(true)
    const streamed = server.connect()
    await streamed.send(chunked('/unread'))
    expect(streamed.take()).toMatch(/^HTTP\/1\.1 200 [^]*connection: close\r\n/)
    expect(streamed.ended).toBe(true)
    const echoed = server.connect()
    await echoed.send(chunked('/echo'))
    expect(echoed.take()).toMatch(/^HTTP\/1\.1 200 [^]*chunked\r\n/)
    await echoed.send('5\r\nhello\r\n0\r\n\r\n')
    expect(echoed.take()).toBe('5\r\nhello\r\n0\r\n\r\n')
    expect(echoed.ended).toBe(false)
    const known = server.connect()
    await known.send(`${chunked('/none')}5\r\nhello\r\n0\r\n\r\n`)
    expect(known.statuses()).toEqual([404])
    expect(known.ended).toBe(false)
    for (const client of [short, long, unknown, streamed, echoed, known]) await client.end()
    expect(server.host.statistics().connections).toBe(0)
    server.host.end()
  })

  test('that comes too slowly tells its reader which limit it missed', async () => {
    using clock = MockClock.install()
    const told: unknown[] = []
    const server = new MemoryServer(async (request) => {
      await request.bytes().catch((error: unknown) => told.push(error))
      return text('')
    })
    const idle = await server.connect().send(post('/', 'x'.repeat(20_000)).slice(0, -1_000))
    await clock.advance(31_000)
    const slow = await server.connect().send(post('/', 'x'.repeat(1_000)).slice(0, -999))
    await clock.advance(7_000)
    expect(told).toMatchObject([
      { timeout: 30_000, message: 'The client sent nothing of its body for 30000 ms' },
      {
        timeout: 5_000,
        message: 'The client sent its body at less than 240 bytes a second for more than 5000 ms',
      },
    ])
    for (const client of [idle, slow]) await client.end()
    server.host.end()
  })

  test('that is malformed is answered with 400, or the handler is told', async () => {
    const server = serve()
    const client = server.connect()
    await client.send(`${chunked('/read')}zz\r\n`)
    expect(client.statuses()).toEqual([400])
    const later = server.connect()
    await later.send(chunked('/read'))
    await later.send('zz\r\n')
    expect(later.statuses()).toEqual([400])
    for (const one of [client, later]) await one.end()
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0, malformed: 2 })
    expect(server.errors).toEqual([])
    server.host.end()
  })
})

describe('a connection', () => {
  test('without a request is ended 75 s after the last', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(get('/'))
    await clock.advance(50_000)
    await client.send(get('/'))
    await clock.advance(74_000)
    expect(client.ended).toBe(false)
    await clock.advance(1_500)
    expect(client.ended).toBe(true)
    await client.end()
    expect(client.closed).toBe(true)
    expect(server.host.statistics().timedOut).toBe(0)
    server.host.end()
  })

  test('is not ended while a handler runs', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(get('/slow'))
    await clock.advance(199_000)
    expect(client).toMatchObject({ text: '', ended: false })
    await clock.advance(1_500)
    expect(client.take()).toContain('slept')
    await client.end()
    server.host.end()
  })

  test('that ends is not closed while its client still takes the last response', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect({ highWaterMark: 1_000_000, chunkSize: 10 })
    client.transport.pause()
    await client.send(get('/', 'connection: close'))
    // Far longer than a client has to end its side, and a little of it each time.
    for (let seconds = 0; seconds < 120; seconds += 40) {
      await clock.advance(40_000)
      expect(client.transport.closed).toBe(false)
      const before = client.text.length
      client.transport.resume()
      for (let turns = 0; turns < 3; turns++) await Promise.resolve()
      client.transport.pause()
      expect(client.text.length).toBeGreaterThan(before)
      expect(client.text).not.toContain('root')
    }
    client.transport.resume()
    await settle()
    expect(client.text).toMatch(/\r\n\r\nroot$/)
    await clock.advance(6_000)
    expect(server.host.statistics()).toMatchObject({ connections: 0, timedOut: 0 })
    server.host.end()
  })

  test('that ends is closed once its client takes nothing of the last response for 60 s', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect({ highWaterMark: 1_000_000 })
    client.transport.pause()
    await client.send(get('/', 'connection: close'))
    await clock.advance(59_000)
    expect(client.transport.closed).toBe(false)
    await clock.advance(2_000)
    expect(server.host.statistics()).toMatchObject({ connections: 0, timedOut: 1 })
    server.host.end()
  })

  test('whose client does not end its side is closed 5 s after ours', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(get('/', 'connection: close'))
    expect(client.ended).toBe(true)
    // What still comes is read, so that the response is not lost to a reset.
    await client.send('x'.repeat(1_000_000))
    await clock.advance(4_000)
    expect(server.host.statistics().connections).toBe(1)
    await clock.advance(1_500)
    expect(server.host.statistics().connections).toBe(0)
    server.host.end()
  })

  test('whose client takes nothing for 60 s is closed', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect({ highWaterMark: 16_384 })
    client.transport.pause()
    await client.send(get('/big'))
    await clock.advance(59_000)
    expect(server.host.statistics().connections).toBe(1)
    await clock.advance(1_500)
    expect(server.host.statistics()).toMatchObject({ connections: 0, timedOut: 1 })
    server.host.end()
  })

  test('whose client takes something now and then is not closed', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect({ highWaterMark: 16_384, chunkSize: 1_000 })
    client.transport.pause()
    await client.send(get('/big'))
    for (let minutes = 0; minutes < 5; minutes++) {
      await clock.advance(50_000)
      client.transport.resume()
      await Promise.resolve()
      client.transport.pause()
    }
    await clock.advance(50_000)
    expect(server.host.statistics().connections).toBe(1)
    expect(client.text.length).toBeGreaterThan(1_000)
    client.transport.destroy()
    await settle()
    server.host.end()
  })

  test('answers requests in their order, 32 in a turn', async () => {
    const server = serve()
    const client = server.connect()
    const requests = Array.from({ length: 100 }, (_, at) => get(at % 3 === 0 ? '/' : '/none'))
    await client.send(requests.join(''))
    await turnUntil(() => client.count === 100)
    expect(client.statuses()).toEqual(requests.map((_, at) => (at % 3 === 0 ? 200 : 404)))
    await client.end()
    server.host.end()
  })

  test('holds 64 KiB of other requests while one is handled', async () => {
    using clock = MockClock.install()
    const server = serve()
    const client = server.connect()
    await client.send(get('/slow'))
    const flood = get('/', `x: ${'y'.repeat(900)}`).repeat(200)
    for (let at = 0; at < flood.length; at += 10_000)
      await client.send(flood.slice(at, at + 10_000))
    // What the server does not take waits with the client.
    expect(client.transport.bytesQueued).toBeGreaterThan(100_000)
    expect(client.text).toBe('')
    await clock.advance(201_000)
    await turnUntil(() => client.count === 201)
    expect(client.statuses()).toEqual(Array.from({ length: 201 }, () => 200))
    await client.end()
    expect(client.closed).toBe(true)
    server.host.end()
  })

  test('answers no more requests than its client takes responses', async () => {
    const server = serve()
    const client = server.connect({ highWaterMark: 1_000 })
    client.transport.pause()
    await client.send(get('/').repeat(300))
    expect(server.host.statistics().requests).toBeLessThan(20)
    client.transport.resume()
    await turnUntil(() => client.count === 300)
    expect(client.statuses()).toEqual(Array.from({ length: 300 }, () => 200))
    await client.end()
    server.host.end()
  })
})

test('ConnectionHost refuses limits and time-outs that are none', () => {
  expect(() => serve({ limits: { head: 0 } })).toThrow('Invalid limit "head" of 0')
  expect(() => serve({ timeouts: { head: Number.NaN } })).toThrow('Invalid timeout "head"')
  expect(() => serve({ timeouts: { nap: 1 } as object })).toThrow('Unknown timeout "nap"')
})
