/**
 * The client against servers that break every rule, over sockets: each request ends with an error that says
 * what was wrong, within its time, the connection is never used again, and the next request is answered
 * by who was asked.
 */
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SpoolError } from 'spool'
import { ClientSession, ConnectError, type RequestOptions, TransferError } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { ProtocolError } from 'spool/wire'
import {
  expectNothingLeft,
  openResources,
  someTurns,
  turnUntil,
} from '../support/open-resources.ts'
import type { RawConnection } from '../support/raw-connection.ts'
import { rawResponse, rawServer, type RawServer } from '../support/raw-server.ts'
import { rejectionOf } from '../support/rejection.ts'

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

/** Answers the first request of the first connection by `hostile`, and everything else as it should be. */
async function hostileServer(
  hostile: (connection: RawConnection) => Promise<void> | void,
): Promise<RawServer> {
  return rawServer(async (connection, index) => {
    await connection.message()
    if (index === 0) await hostile(connection)
    else await connection.send(rawResponse('good'))
  })
}

/** Whether the request fails, the connection is closed, and the next request gets its own answer. */
async function checkFailure(
  hostile: (connection: RawConnection) => Promise<void> | void,
  options: RequestOptions = {},
): Promise<SpoolError> {
  await using server = await hostileServer(hostile)
  await using session = new ClientSession()
  const error = await rejectionOf(session.get(server.origin, options).text())
  expect(SpoolError.is(error), String(error)).toBe(true)
  expect(session.statistics()).toMatchObject({ open: 0, active: 0, waiting: 0 })
  await server.connections[0]?.untilEnded()
  expect(await session.get(server.origin).text()).toBe('good')
  expect(server.connections).toHaveLength(2)
  return error as SpoolError
}

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n'
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

describe('a response that is cut off', () => {
  const whole = `${head}hello`
  const positions = Array.from({ length: whole.length }, (_, at) => at)

  it.each(['end', 'reset'] as const)('anywhere by %s fails the request', async (how) => {
    await using server = await rawServer(async (connection, index) => {
      await connection.message()
      const bytes = whole.slice(0, index)
      await connection.send(bytes)
      if (how === 'end') connection.socket.end()
      else {
        // A reset may overtake what was sent before it.
        await someTurns(3)
        connection.reset()
      }
    })
    // A connection for each: none is used again.
    await using session = new ClientSession({ limit: 1 })
    for (const at of positions) {
      const error = await rejectionOf(session.get(server.origin).text())
      expect(error, `cut at ${at}`).toBeInstanceOf(TransferError)
      expect(error).toMatchObject({ code: 'SPOOL_TRANSFER', requestSent: true })
      expect(session.statistics()).toMatchObject({ open: 0 })
    }
    expect(server.connections).toHaveLength(positions.length)
  })

  it('inside chunks fails the request, wherever that is', async () => {
    const body = `${chunked}3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nX: y\r\n\r\n`
    await using server = await rawServer(async (connection, index) => {
      await connection.message()
      await connection.send(body.slice(0, chunked.length + index))
      connection.socket.end()
    })
    await using session = new ClientSession()
    for (let at = chunked.length; at < body.length; at++) {
      expect(await rejectionOf(session.get(server.origin).text())).toBeInstanceOf(TransferError)
    }
    expect(await session.get(server.origin).text()).toBe('hello')
  })

  it('gives a reader of chunks what came, and then the error', async () => {
    await using server = await hostileServer(async (connection) => {
      await connection.send(`${head}hel`)
      connection.socket.end()
    })
    await using session = new ClientSession()
    const response = await session.get(server.origin)
    let text = ''
    const error = await rejectionOf(
      (async () => {
        for await (const chunk of response.body) text += Buffer.from(chunk).toString()
      })(),
    )
    expect(text).toBe('hel')
    expect(error).toBeInstanceOf(TransferError)
  })
})

describe('a response that breaks the rules', () => {
  it.each([
    ['is of another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['is of TLS', '\x15\x03\x01\x00\x02\x02\x46'],
    ['is of HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['is of HTTP/0.9', '<html>hello</html>\r\n'],
    ['has no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['has a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['has a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello'],
    ['has a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello'],
    ['has a length in hexadecimal', 'HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello'],
    ['has too large a length', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n'],
    [
      'has length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['has chunks in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n'],
    ['has chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['has a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
    ['has a folded field', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 5\r\n\r\nhello'],
    ['has a blank before a colon', 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello'],
    ['has NUL in a field', 'HTTP/1.1 200 OK\r\nA: b\0\r\nContent-Length: 5\r\n\r\nhello'],
    ['has a chunk size that is none', `${chunked}5x\r\nhello\r\n0\r\n\r\n`],
    ['has a chunk size with a sign', `${chunked}+5\r\nhello\r\n0\r\n\r\n`],
    ['has too large a chunk size', `${chunked}fffffffffffffffffff\r\n`],
    ['has a chunk that is too long', `${chunked}5\r\nhello!\r\n0\r\n\r\n`],
    ['has a length among its trailers', `${chunked}0\r\nContent-Length: 5\r\n\r\n`],
    [
      'switches protocols unasked',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
  ])('since it %s fails the request', async (_, bytes) => {
    const error = await checkFailure((connection) => connection.send(bytes))
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ origin: 'remote', code: 'SPOOL_REMOTE_PROTOCOL' })
    expect(error.message).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/ failed/)
  })
})

/** Sends the same for as long as the connection is open. */
function forever(start: string, again: string | Uint8Array) {
  return async (connection: RawConnection): Promise<void> => {
    await connection.send(start)
    while (!connection.ended && connection.socket.writable) await connection.send(again)
  }
}

describe('a response that never ends', () => {
  it.each([
    ['a status line', 'HTTP/1.1 200 ', 'a'.repeat(1000)],
    ['a field', 'HTTP/1.1 200 OK\r\nA: ', 'a'.repeat(1000)],
    ['fields', 'HTTP/1.1 200 OK\r\n', 'A: b\r\n'.repeat(100)],
    ['a field name', 'HTTP/1.1 200 OK\r\n', 'a'.repeat(1000)],
    ['responses of status 1xx', '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(10)],
    ['a chunk size', chunked, '0'.repeat(1000)],
    ['a chunk extension', `${chunked}5;`, 'a'.repeat(1000)],
    ['chunk extensions', chunked, `1;${'a'.repeat(900)}\r\nx\r\n`.repeat(10)],
    ['trailers', `${chunked}0\r\n`, 'A: b\r\n'.repeat(100)],
  ])('in %s is refused, and no more than its limit is kept', async (_, start, again) => {
    const error = await checkFailure(forever(start, again))
    expect(error).toBeInstanceOf(ProtocolError)
  })

  it('in its body is refused where a limit is set', async () => {
    for (const start of ['HTTP/1.1 200 OK\r\n\r\n', chunked]) {
      const piece = 'a'.repeat(65_536)
      const again = start === chunked ? `10000\r\n${piece}\r\n` : piece
      const error = await checkFailure(forever(start, again), { maxResponseSize: 1_000_000 })
      expect(error.code).toBe('SPOOL_BODY_TOO_LARGE')
    }
  })

  it('in its body is held back while nobody reads it', async () => {
    let sent = 0
    const piece = Buffer.alloc(65_536)
    await using server = await hostileServer(async (connection) => {
      await connection.send('HTTP/1.1 200 OK\r\n\r\n')
      while (!connection.ended && connection.socket.writable) {
        await connection.send(piece)
        sent += piece.length
      }
    })
    await using session = new ClientSession()
    const response = await session.get(server.origin)
    // Until the buffers of the system are full.
    let last = -1
    await turnUntil(() => {
      const full = sent === last && sent > 0
      last = sent
      return full
    })
    await someTurns(50)
    expect(response.body.queued).toBeLessThanOrEqual(2 * 65_536)
    await response.close()
    await server.connections[0]?.untilEnded()
  })

  it('in its decompressed body is refused where a limit is set, and decompressed no further', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000))
    const before = process.memoryUsage().arrayBuffers
    const error = await checkFailure(
      async (connection) => {
        await connection.send(
          `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length + 1}\r\n\r\n`,
        )
        await connection.send(bomb)
      },
      { maxResponseSize: 1_000_000 },
    )
    expect(error.code).toBe('SPOOL_BODY_TOO_LARGE')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000)
  })

  it('in redirects is refused', async () => {
    await using server = await rawServer(async (connection) => {
      for (let at = 0; ; at++) {
        await connection.message()
        await connection.send(
          rawResponse('', { status: '302 Found', fields: `Location: /${at}\r\n` }),
        )
      }
    })
    await using session = new ClientSession()
    const error = await rejectionOf(session.get(server.origin).text())
    expect(error).toMatchObject({ code: 'SPOOL_REDIRECT' })
  })
})

describe('a response that comes too slowly', () => {
  it.each([
    ['nothing', '', 'headers'],
    ['half a status line', 'HTTP/1.1 2', 'headers'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-', 'headers'],
    ['a head alone', head, 'idle'],
    ['half a body', `${head}hel`, 'idle'],
    ['half a chunk', `${chunked}5\r\nhel`, 'idle'],
    ['half the trailers', `${chunked}0\r\nA: b\r\n`, 'idle'],
    ['a body without an end', 'HTTP/1.1 200 OK\r\n\r\nhello', 'idle'],
  ])('%s, and then nothing more, fails the request in time', async (_, bytes, phase) => {
    using clock = MockClock.install()
    await using server = await rawServer(async (connection) => {
      await connection.message()
      await connection.send(bytes)
    })
    await using session = new ClientSession({ timeout: { headers: 5000, idle: 3000 } })
    const failure = rejectionOf(session.get(server.origin).text())
    const connection = await server.connection()
    await turnUntil(() => connection.byteCount > 0)
    await someTurns(50)
    await clock.advance(phase === 'idle' ? 3100 : 5100)
    expect(await failure).toMatchObject({ code: 'SPOOL_TIMEOUT', phase })
    await connection.untilEnded()
  })

  it.each([
    ['a head', 'HTTP/1.1 200 OK\r\nA: ', 'headers'],
    ['a body', `HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n`, 'total'],
    ['chunk extensions', `${chunked}1;`, 'total'],
  ])('dripping bytes of %s fails the request in time', async (_, start, phase) => {
    using clock = MockClock.install()
    await using server = await rawServer(async (connection) => {
      await connection.message()
      await connection.send(start)
    })
    const timeout = { headers: 5000, idle: 3000, total: 10_000 }
    await using session = new ClientSession({ timeout })
    const failure = rejectionOf(session.get(server.origin).text())
    const connection = await server.connection()
    await turnUntil(() => connection.byteCount > 0)
    await someTurns(20)
    let elapsed = 0
    for (; session.statistics().open > 0 && elapsed < 20_000; elapsed += 1000) {
      await connection.send('a')
      await someTurns(10)
      await clock.advance(1000)
    }
    expect(await failure).toMatchObject({ code: 'SPOOL_TIMEOUT', phase })
    expect(elapsed).toBeLessThanOrEqual(phase === 'total' ? 11_000 : 6000)
    await connection.untilEnded()
  })

  it('taking nothing of a request fails it in time', async () => {
    using clock = MockClock.install()
    await using server = await rawServer((connection) => connection.pause())
    await using session = new ClientSession({ timeout: { write: 2000, total: 60_000 } })
    const body = Buffer.alloc(20_000_000)
    const failure = rejectionOf(session.post(server.origin, { body }))
    const connection = await server.connection()
    // What the system takes into its buffers counts as taken.
    for (let elapsed = 0; session.statistics().open > 0 && elapsed < 30_000; elapsed += 500) {
      await someTurns(20)
      await clock.advance(500)
    }
    expect(await failure).toMatchObject({ code: 'SPOOL_TIMEOUT', phase: 'write' })
    connection.destroy()
    await connection.untilEnded()
  })
})

describe('bytes after a response', () => {
  const poison = rawResponse('poison')

  it.each([
    ['in the same packet', false],
    ['later', true],
  ])('%s are never read as the next one', async (_, later) => {
    await using server = await hostileServer(async (connection) => {
      await connection.send(later ? rawResponse('first') : rawResponse('first') + poison)
      if (!later) return
      await someTurns(20)
      await connection.send(poison)
    })
    await using session = new ClientSession({ limit: 1 })
    expect(await session.get(server.origin).text()).toBe('first')
    await server.connections[0]?.untilEnded()
    expect(await session.get(server.origin).text()).toBe('good')
    expect(server.connections).toHaveLength(2)
  })

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\npoison'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison'],
    ['GET', `${head}hello\r\n`],
    ['GET', `${chunked}0\r\n\r\n\0`],
  ])('of %s that may not have them are never read', async (method, bytes) => {
    await using server = await hostileServer((connection) => connection.send(bytes))
    await using session = new ClientSession({ limit: 1 })
    const [first, second] = [
      session.request(method, server.origin).bytes(),
      session.get(server.origin).text(),
    ]
    expect((await first).byteLength).toBe(bytes.includes('hello') ? 5 : 0)
    expect(await second).toBe('good')
    expect(server.connections).toHaveLength(2)
  })
})

describe('a connection that is reset', () => {
  it('at once fails the request', async () => {
    await using server = await rawServer((connection) => connection.reset())
    await using session = new ClientSession()
    for (let round = 0; round < 5; round++) {
      const error = await rejectionOf(session.get(server.origin).text())
      // It depends on the system whether the connection was there for a moment.
      expect(TransferError.is(error) || ConnectError.is(error), String(error)).toBe(true)
    }
    expect(session.statistics()).toMatchObject({ open: 0 })
  })

  it('while a body is sent fails the request, and ends the body', async () => {
    await using server = await rawServer(async (connection) => {
      await connection.readUntil('\r\n\r\n')
      connection.reset()
    })
    await using session = new ClientSession()
    let ended = false
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield Buffer.alloc(10_000)
          await settle()
        }
      } finally {
        ended = true
      }
    }
    const error = await rejectionOf(session.post(server.origin, { body: body() }))
    expect(error).toBeInstanceOf(TransferError)
    await turnUntil(() => ended)
    expect(session.statistics()).toMatchObject({ open: 0 })
  })

  it('while it is idle is replaced', async () => {
    await using server = await rawServer(async (connection) => {
      await connection.message()
      await connection.send(rawResponse('hello'))
    })
    await using session = new ClientSession()
    for (let round = 0; round < 5; round++) {
      expect(await session.get(server.origin).text()).toBe('hello')
      server.connections[round]?.reset()
      await turnUntil(() => session.statistics().idle === 0)
    }
    expect(server.connections).toHaveLength(5)
  })

  it('by half of the servers leaves the other requests alone', async () => {
    await using server = await rawServer(async (connection, index) => {
      for (;;) {
        const { startLine } = await connection.message()
        if (index % 2 === 1) {
          await connection.send(`${head}he`)
          connection.reset()
          return
        }
        await connection.send(rawResponse(startLine.split(' ')[1] ?? ''))
      }
    })
    await using session = new ClientSession({ limit: 8 })
    const targets = Array.from({ length: 200 }, (_, at) => `/${at}`)
    const results = await Promise.allSettled(
      targets.map((target) => session.get(server.origin + target).text()),
    )
    const bodies = results.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
    const errors = results.flatMap((one) =>
      one.status === 'rejected' ? [one.reason as unknown] : [],
    )
    expect(bodies).toEqual(targets.map((target, at) => bodies[at] && target))
    expect(errors.every((error) => TransferError.is(error))).toBe(true)
    expect(errors.length).toBeGreaterThan(0)
    expect(errors.length).toBeLessThan(targets.length)
    expect(session.statistics()).toMatchObject({ active: 0, waiting: 0, connecting: 0 })
  })
})

describe('a server that answers before it has read the request', () => {
  it('and closes, is heard', async () => {
    await using server = await rawServer(async (connection) => {
      await connection.readUntil('\r\n\r\n')
      await connection.send(rawResponse('too large', { status: '413 Content Too Large' }))
      connection.socket.end()
    })
    await using session = new ClientSession()
    let count = 0
    async function* body(): AsyncGenerator<Uint8Array> {
      for (;;) {
        count++
        yield Buffer.alloc(1000)
        await settle()
      }
    }
    const response = await session.post(server.origin, { body: body() })
    expect(response.status).toBe(413)
    expect(await response.text()).toBe('too large')
    expect(session.statistics()).toMatchObject({ open: 0 })
    await server.connections[0]?.untilEnded()
    expect(count).toBeGreaterThan(0)
  })
})
