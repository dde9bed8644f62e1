import { CancelledError, taskGroup, timeout } from 'spool'
import { ConnectionClosedError, ProtocolError, ResponseError, TransferError } from 'spool/client'
import type { ReconnectOptions, WebSocketRequestOptions } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { acceptOf } from '../../../src/http/websocket/handshake/accept-key.ts'
import { closeFrame, frame, framesOf, opcodes } from '../../support/websocket-frames.ts'
import {
  checkNothingLeft,
  MemoryFixture,
  type MemoryPeer,
  type MemoryScript,
  redirect,
  response,
} from '../support/memory-server.ts'

const { text, close } = opcodes

/** The 101 that is right, with other or more fields; null leaves one out. */
function switching(key: string, fields: Record<string, string | null> = {}): string {
  const all: Record<string, string | null> = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptOf(key),
    ...fields,
  }
  const lines = Object.entries(all).filter(([, value]) => value !== null)
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

function opening(fields?: Record<string, string | null>, tail = ''): MemoryScript {
  return async (peer) => {
    const { headers } = await peer.request()
    peer.send(switching(headers['sec-websocket-key'] ?? '', fields) + tail)
  }
}

function shortFrames(peer: MemoryPeer): (readonly [number, string, boolean])[] {
  const { frames } = framesOf(Buffer.from(peer.pending, 'latin1'))
  return frames.map(({ opcode, payload, masked }) => [opcode, payload.toString(), masked])
}

describe('ClientSession.websocket()', () => {
  test.each(['ws://test/chat?x=1', 'http://test/chat?x=1', '/chat?x=1'])(
    'asks at %s, and sends masked frames',
    async (url) => {
      await using fixture = new MemoryFixture(opening({}, '\x81\x02hi'))
      const { session, server } = fixture
      await using ws = await session.websocket(url, { headers: { 'X-Mine': '1' } })
      expect(await ws.receive()).toBe('hi')
      await ws.send('hello')
      await settle()
      const [peer] = server.peers
      expect(shortFrames(peer!)).toEqual([[text, 'hello', true]])
      expect(session.statistics()).toMatchObject({ open: 1, active: 1, requests: 1 })
      const ended = ws.close()
      peer!.send(closeFrame(1000, '', { masked: false }))
      await settle()
      peer!.end()
      await ended
      await checkNothingLeft(fixture)
    },
  )

  test('asks with the fields of RFC 6455 §4.1 and those of the session', async () => {
    let seen: Awaited<ReturnType<MemoryPeer['request']>> | undefined
    await using fixture = new MemoryFixture(
      async (peer) => {
        seen = await peer.request()
        peer.send(
          switching(seen.headers['sec-websocket-key'] ?? '', { 'Sec-WebSocket-Protocol': 'b' }),
        )
      },
      {
        headers: { 'X-Session': 'yes' },
        middleware: [
          (request, next) => {
            request.headers.set('x-middleware', 'yes')
            return next(request)
          },
        ],
      },
    )
    const ws = await fixture.session.websocket('/', {
      subprotocols: ['a', 'b'],
      headers: { Origin: 'http://page', 'Sec-WebSocket-Key': 'mine' },
      compression: true,
    })
    expect(ws.subprotocol).toBe('b')
    expect(seen?.method).toBe('GET')
    expect(seen?.headers).toMatchObject({
      host: 'test',
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'a, b',
      'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
      origin: 'http://page',
      'x-session': 'yes',
      'x-middleware': 'yes',
    })
    expect(seen?.headers['sec-websocket-key']).toMatch(/^[+/\w]{22}==$/)
    expect(seen?.headers['accept-encoding']).toBeUndefined()
    ws.destroy()
    await settle()
  })

  test.each<[string, Record<string, string | null>, string, WebSocketRequestOptions?]>([
    ['no Upgrade', { Upgrade: 'other' }, 'its Upgrade is not "websocket"'],
    ['two protocols in Upgrade', { Upgrade: 'websocket, h2c' }, 'its Upgrade is not "websocket"'],
    ['no Sec-WebSocket-Accept', { 'Sec-WebSocket-Accept': null }, 'not that of our key'],
    ['another key', { 'Sec-WebSocket-Accept': acceptOf('x') }, 'not that of our key'],
    ['a subprotocol nobody offered', { 'Sec-WebSocket-Protocol': 'x' }, 'subprotocol'],
    [
      'a subprotocol of others',
      { 'Sec-WebSocket-Protocol': 'b' },
      'it chose a subprotocol that was not offered: "b"',
      { subprotocols: ['a'] },
    ],
    [
      'two subprotocols',
      { 'Sec-WebSocket-Protocol': 'a, b' },
      'subprotocol',
      { subprotocols: ['a', 'b'] },
    ],
    [
      'an extension nobody offered',
      { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
      'it chose an extension that was not offered: "permessage-deflate"',
    ],
    [
      'another extension',
      { 'Sec-WebSocket-Extensions': 'x-other' },
      'extension that was not offered',
      { compression: true },
    ],
    [
      'parameters that are none',
      { 'Sec-WebSocket-Extensions': 'permessage-deflate; x=1' },
      'parameters',
      { compression: true },
    ],
    [
      'a larger window than was asked for',
      { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=12' },
      'it compresses with a window of 12 bits, 10 were asked for',
      { compression: { peerWindowBits: 10 } },
    ],
    [
      'a window that was asked for left out',
      { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
      'window of 15 bits',
      { compression: { peerWindowBits: 10 } },
    ],
    [
      'extensions that make no sense',
      { 'Sec-WebSocket-Extensions': ';;' },
      'make no sense',
      { compression: true },
    ],
  ])('refuses a 101 with %s', async (_, fields, message, options) => {
    await using fixture = new MemoryFixture(opening(fields))
    const error = await fixture.session.websocket('/', options).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ProtocolError)
    expect(String(error)).toContain(message)
    await checkNothingLeft(fixture)
  })

  test.each(['200 OK', '404 Not Found', '426 Upgrade Required', '500 Oops'])(
    'throws a ResponseError for %s, with what the server says',
    async (status) => {
      await using fixture = new MemoryFixture(async (peer) => {
        await peer.request()
        peer.respond('because', { status })
      })
      const error = await fixture.session.websocket('/').catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ResponseError)
      const code = Number(status.slice(0, 3))
      expect(error).toMatchObject({
        status: code,
        body: 'because',
        message: `Opening a WebSocket at http://test/ failed: it was answered with status ${code}: "because"`,
      })
    },
  )

  test.each([
    ['', ''],
    ['<!doctype html>\n<p>no', ''],
    [' \n{"error":"no room"}\nmore', ': "{\\"error\\":\\"no room\\"}"'],
    ['x'.repeat(1_000), `: "${'x'.repeat(200)}"`],
  ])('says of a refusal with %j no more than a line', async (body, said) => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.respond(body, { status: '403 Forbidden' })
    })
    await expect(fixture.session.websocket('/')).rejects.toMatchObject({
      body,
      message: `Opening a WebSocket at http://test/ failed: it was answered with status 403${said}`,
    })
  })

  test('refuses a URL of another scheme, in its own words', async () => {
    await using fixture = new MemoryFixture(opening())
    await expect(fixture.session.websocket('ftp://test/')).rejects.toThrow(
      new TypeError(
        'Cannot open a WebSocket at "ftp://test/": expected ws://, wss:// or a path of the base',
      ),
    )
  })

  test('follows redirects, and keeps cookies', async () => {
    const paths: string[] = []
    const cookies: (string | undefined)[] = []
    await using fixture = new MemoryFixture(
      async (peer) => {
        for (;;) {
          const { target, headers } = await peer.request()
          paths.push(target)
          cookies.push(headers['cookie'])
          const key = headers['sec-websocket-key'] ?? ''
          if (target === '/here') peer.send(redirect(307, '/there'))
          else peer.send(switching(key, { 'Set-Cookie': 'a=1' }))
        }
      },
      { cookies: true },
    )
    const first = await fixture.session.websocket('/here')
    const second = await fixture.session.websocket('/again')
    expect([paths, cookies]).toEqual([
      ['/here', '/there', '/again'],
      [undefined, undefined, 'a=1'],
    ])
    first.destroy()
    second.destroy()
    await settle()
  })

  test('belongs to the scope that it is made in, for as long as it is open', async () => {
    await using fixture = new MemoryFixture(opening())
    const seen: unknown[] = []
    await taskGroup(async (group) => {
      group.spawn(async () => {
        await using ws = await fixture.session.websocket('/')
        try {
          await ws.receive()
        } catch (error) {
          seen.push(error)
          throw error
        }
      })
      await settle()
      seen.push(fixture.session.statistics().active)
      group.cancel()
    }).catch((error: unknown) => error)
    expect(seen).toMatchObject([1, { code: 'SPOOL_CANCELLED' }])
    await checkNothingLeft(fixture)
  })

  test('that is cancelled while it is opened leaves nothing', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(() => undefined)
    const waiting = timeout(100, () => fixture.session.websocket('/')).catch(
      (error: unknown) => error,
    )
    await clock.advance(100)
    expect(await waiting).toMatchObject({ code: 'SPOOL_TIMEOUT' })
    await checkNothingLeft(fixture)
  })

  test('asks with its credentials, and is given up by a signal, open or not', async () => {
    let authorization: string | undefined
    await using fixture = new MemoryFixture(async (peer, index) => {
      const { headers } = await peer.request()
      authorization = headers['authorization']
      if (index === 0) peer.send(switching(headers['sec-websocket-key'] ?? ''))
    })
    const open = new AbortController()
    const auth = { username: 'ada', password: 'secret' }
    const ws = await fixture.session.websocket('/', { auth, signal: open.signal })
    expect(authorization).toBe(`Basic ${btoa('ada:secret')}`)
    open.abort()
    await settle()
    expect(ws.ending).toMatchObject({ closeCode: 1006 })
    const opening = new AbortController()
    const waiting = fixture.session
      .websocket('/', { signal: opening.signal })
      .catch((error: unknown) => error)
    await settle()
    opening.abort()
    expect(await waiting).toBeInstanceOf(CancelledError)
    await checkNothingLeft(fixture)
  })

  test('the end of the server in the middle of the handshake is a TransferError', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.end()
    })
    await expect(fixture.session.websocket('/')).rejects.toThrow(TransferError)
  })

  test('session.close() closes it with 1001, and waits', async () => {
    await using fixture = new MemoryFixture(opening())
    const { session, server } = fixture
    const ws = await session.websocket('/')
    const waiting = ws.receive().catch((error: unknown) => error)
    const closing = session.close()
    await settle()
    const [peer] = server.peers
    expect(shortFrames(peer!)).toEqual([[close, '\x03\ufffd', true]])
    peer!.send(closeFrame(1001, '', { masked: false }))
    await settle()
    peer!.end()
    await closing
    expect(await waiting).toBeInstanceOf(ConnectionClosedError)
    expect(ws.ending).toMatchObject({ closeCode: 1001, closedBy: 'local', wasClean: true })
    await expect(session.websocket('/')).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
  })

  test('a masked frame of a server is refused (RFC 6455 §5.1)', async () => {
    await using fixture = new MemoryFixture(opening())
    const ws = await fixture.session.websocket('/')
    fixture.server.peers[0]!.send(frame(text, 'a', { masked: true }))
    await expect(ws.receive()).rejects.toMatchObject({ closeCode: 1002 })
    fixture.server.peers[0]!.end()
    await settle()
  })
})

describe('ClientSession.websockets()', () => {
  test('opens the next when the loop asks for it, later after each failure', async () => {
    using clock = MockClock.install()
    const at: number[] = []
    let asked = 0
    await using fixture = new MemoryFixture(async (peer) => {
      for (;;) {
        const { headers } = await peer.request()
        at.push(clock.now())
        const turn = asked++
        if (turn === 0 || turn >= 4) {
          peer.send(switching(headers['sec-websocket-key'] ?? ''))
          peer.send(Buffer.from('\x81\x01a', 'latin1'))
          await settle()
          peer.end()
        } else peer.send(response('busy', { status: '503 Busy' }))
      }
    })
    let count = 0
    const running = (async () => {
      for await (const ws of fixture.session.websockets('/', { reconnect: { delay: 1_000 } })) {
        await ws.receive()
        await ws.receive().catch((error: unknown) => error)
        if (++count === 3) break
      }
    })()
    await clock.advance(60_000)
    await running
    expect(count).toBe(3)
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0))
    const longest = [1_000, 2_000, 4_000, 8_000, 1_000]
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(longest[index]! / 2)
      // The clock goes on while a connection lives, too, from one timer to the next.
      expect(wait).toBeLessThan(longest[index]! + 500)
    }
    expect(waits.length).toBe(5)
    await checkNothingLeft(fixture)
  })

  test('throws what will not get better, and what has failed too often', async () => {
    using clock = MockClock.install()
    let asked = 0
    await using fixture = new MemoryFixture(async (peer) => {
      for (;;) {
        const { target } = await peer.request()
        asked++
        peer.send(response('', { status: target === '/none' ? '404 None' : '502 Bad' }))
      }
    })
    const { session } = fixture
    await expect(session.websockets('/none').next()).rejects.toMatchObject({ status: 404 })
    expect(asked).toBe(1)
    const failing = session
      .websockets('/bad', { reconnect: { attempts: 2 } })
      .next()
      .catch((error: unknown) => error)
    await clock.advance(10_000)
    expect(await failing).toMatchObject({ status: 502 })
    expect(asked).toBe(4)
    await expect(session.websockets('/', { reconnect: { delay: -1 } }).next()).rejects.toThrow(
      RangeError,
    )
    const none = null as unknown as ReconnectOptions
    await expect(session.websockets('/', { reconnect: none }).next()).rejects.toThrow(
      'Cannot use null as the options of "reconnect": expected an object',
    )
  })

  test('that is cancelled between two connections stops', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture((peer) => peer.end())
    const waiting = timeout(300, () => fixture.session.websockets('/').next()).catch(
      (error: unknown) => error,
    )
    await clock.advance(300)
    expect(await waiting).not.toBeInstanceOf(CancelledError)
    expect(await waiting).toMatchObject({ code: 'SPOOL_TIMEOUT' })
    await checkNothingLeft(fixture)
  })
})
