import { AsyncEvent, createTask, sleep, taskGroup } from 'spool'
import {
  Application,
  ConnectionClosedError,
  HTTPError,
  text,
  type WebSocketConnection,
  type WebSocketHandler,
  type WebSocketRouteOptions,
} from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { handshake, MemoryWebSocket, sampleAccept } from '../../support/websocket-client.ts'
import { opcodes } from '../../support/websocket-frames.ts'

const { text: textFrame, close } = opcodes

const echo: WebSocketHandler = async (ws) => {
  for await (const message of ws) await ws.send(message)
}

function serverWith(
  handler: WebSocketHandler = echo,
  options?: WebSocketRouteOptions,
): MemoryServer {
  return new MemoryServer(new Application().websocket('/ws', handler, options))
}

async function answer(
  request: string,
  options?: WebSocketRouteOptions,
): Promise<{ status: number; head: string; body: string }> {
  const server = serverWith(echo, options)
  const socket = await new MemoryWebSocket(server).open(request)
  const result = {
    status: Number(socket.head.split(' ')[1]),
    head: socket.head.toLowerCase(),
    body: socket.client.text,
  }
  server.host.destroy('the test is over')
  await settle()
  expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
  server.host.end()
  return result
}

describe('Application.websocket()', () => {
  test('answers a handshake as RFC 6455 §1.3 does, and echoes', async () => {
    const server = serverWith()
    const socket = await new MemoryWebSocket(server).open()
    expect(socket.head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
    expect(socket.head).toContain(`sec-websocket-accept: ${sampleAccept}\r\n`)
    expect(socket.head).toMatch(/\r\nupgrade: websocket\r\n/i)
    expect(socket.head).toMatch(/\r\nconnection: Upgrade\r\n/i)
    expect(socket.head).not.toMatch(/sec-websocket-(?:protocol|extensions)|content-length/i)
    await socket.send(textFrame, 'hello')
    expect(socket.takeShort()).toEqual([[textFrame, 'hello']])
    expect(server.host.statistics()).toMatchObject({ connections: 1, active: 1, idle: 0 })
    await socket.close(1000)
    expect(socket.takeShort()).toEqual([[close, 1000]])
    await socket.client.end()
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    expect([server.errors, server.host.wheel.size]).toEqual([[], 0])
    server.host.end()
  })

  test.each([1, 13, Infinity])(
    'loses no frame behind the request, in chunks of %s',
    async (size) => {
      const server = serverWith()
      const socket = new MemoryWebSocket(server, { chunkSize: size, shared: true })
      const frames = Buffer.from('818537fa213d7f9f4d5158', 'hex')
      await socket.open(handshake() + frames.toString('latin1'))
      expect(socket.takeShort()).toEqual([[textFrame, 'Hello']])
      server.host.destroy('the test is over')
      await settle()
      server.host.end()
    },
  )

  test.each<[string, number, string]>([
    ['without Upgrade', 426, handshake('/ws', { Upgrade: undefined, Connection: undefined })],
    ['with another Upgrade', 426, handshake('/ws', { Upgrade: 'h2c' })],
    ['of a HEAD', 426, 'HEAD /ws HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with a version behind a slash', 400, handshake('/ws', { Upgrade: 'websocket/13' })],
    ['of version 12', 426, handshake('/ws', { 'Sec-WebSocket-Version': '12' })],
    ['of version 8', 426, handshake('/ws', { 'Sec-WebSocket-Version': '8' })],
    ['of version 13, 8', 426, handshake('/ws', { 'Sec-WebSocket-Version': '13, 8' })],
    ['without Connection', 400, handshake('/ws', { Connection: undefined })],
    ['with another Connection', 400, handshake('/ws', { Connection: 'keep-alive' })],
    ['without a version', 400, handshake('/ws', { 'Sec-WebSocket-Version': undefined })],
    ['without a key', 400, handshake('/ws', { 'Sec-WebSocket-Key': undefined })],
    ['with a short key', 400, handshake('/ws', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZQ==' })],
    [
      'with a key that is no base64',
      400,
      handshake('/ws', { 'Sec-WebSocket-Key': '*'.repeat(24) }),
    ],
    [
      'with two keys',
      400,
      handshake('/ws', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==, x' }),
    ],
    ['with a body', 400, `${handshake('/ws', { 'Content-Length': '1' })}x`],
    ['by HTTP/1.0', 400, handshake('/ws', {}, 'GET /ws HTTP/1.0')],
    ['by POST', 405, handshake('/ws', { 'Content-Length': '0' }, 'POST /ws HTTP/1.1')],
    ['by HEAD', 405, handshake('/ws', {}, 'HEAD /ws HTTP/1.1')],
    ['elsewhere', 404, handshake('/other')],
    ['of subprotocols that are none', 400, handshake('/ws', { 'Sec-WebSocket-Protocol': 'a b' })],
    ['of one subprotocol twice', 400, handshake('/ws', { 'Sec-WebSocket-Protocol': 'a, a' })],
    ['of extensions that are none', 400, handshake('/ws', { 'Sec-WebSocket-Extensions': ';' })],
    ['of another origin', 403, handshake('/ws', { Origin: 'https://evil.example' })],
    ['of another port', 403, handshake('/ws', { Origin: 'http://example.com:8080' })],
    ['of no origin at all', 403, handshake('/ws', { Origin: 'null' })],
    ['of an origin that is none', 403, handshake('/ws', { Origin: 'example.com' })],
    ['of two origins', 400, handshake('/ws', { Origin: 'http://a', origin: 'http://b' })],
  ])('refuses a request %s with %s', async (_, status, request) => {
    const { head, status: given } = await answer(request)
    expect(given).toBe(status)
    expect(head).not.toContain('sec-websocket-accept')
    const told = status === 426
    expect(head.includes('sec-websocket-version: 13\r\n')).toBe(told)
    expect(head.includes('upgrade: websocket\r\n')).toBe(told)
  })

  test.each([
    { Connection: 'keep-alive, upgrade' },
    { Upgrade: 'WebSocket' },
    { Origin: 'http://example.com' },
    { Origin: 'https://EXAMPLE.com', Host: 'example.com:443' },
    { Origin: 'http://example.com:80' },
    { Origin: 'http://[::1]:8080', Host: '[::1]:8080' },
    { 'Sec-WebSocket-Protocol': 'chat, superchat' },
    { 'Sec-WebSocket-Extensions': 'x-unknown; a=1, permessage-deflate' },
  ])('takes a request with %s', async (fields) => {
    const { status, head } = await answer(handshake('/ws', fields))
    expect(status).toBe(101)
    expect(head).not.toMatch(/sec-websocket-(?:protocol|extensions)/)
  })

  test.each<[WebSocketRouteOptions['origins'], string, number]>([
    ['any', 'https://evil.example', 101],
    ['any', 'null', 101],
    [['https://app.example'], 'https://app.example', 101],
    [['https://app.example'], 'https://APP.example', 101],
    [['https://app.example'], 'http://app.example', 403],
    [['https://app.example'], 'http://example.com', 403],
    [[], 'http://example.com', 403],
  ])('with origins %s answers %s with %s', async (origins, Origin, expected) => {
    const { status } = await answer(handshake('/ws', { Origin }), { origins: origins! })
    expect(status).toBe(expected)
  })

  test.each([
    ['a, b', ['b', 'a'], 'a'],
    ['c, b', ['a', 'b'], 'b'],
    ['c', ['a'], undefined],
  ])('of the offers %s and its %s chooses %s', async (offered, subprotocols, chosen) => {
    let seen: string | undefined = 'unset'
    const server = serverWith((ws) => void (seen = ws.subprotocol), { subprotocols })
    const socket = await new MemoryWebSocket(server).open(
      handshake('/ws', { 'Sec-WebSocket-Protocol': offered }),
    )
    expect(seen).toBe(chosen)
    const found = /sec-websocket-protocol: (\S+)/i.exec(socket.head)?.[1]
    expect(found).toBe(chosen)
    server.host.destroy('the test is over')
    await settle()
    server.host.end()
  })

  test('accept() refuses by a response or an HTTPError, and sees the parameters', async () => {
    const app = new Application().websocket('/rooms/{room}', echo, {
      accept: async ({ params }) => {
        if (params.room === 'none') return text('No such room', { status: 404 })
        if (params.room === 'secret') throw new HTTPError(401)
        return undefined
      },
    })
    const server = new MemoryServer(app)
    const statuses: string[] = []
    for (const room of ['none', 'secret', 'open']) {
      const socket = await new MemoryWebSocket(server).open(handshake(`/rooms/${room}`))
      statuses.push(socket.head.split(' ')[1] ?? '')
    }
    expect(statuses).toEqual(['404', '401', '101'])
    server.host.destroy('the test is over')
    await settle()
    server.host.end()
  })

  test('middlewares see the 101, may add to it, and may refuse', async () => {
    const seen: number[] = []
    const app = new Application()
      .use(async (request, next) => {
        const response = await next(request)
        seen.push(response.status)
        response.headers.set('x-seen', 'yes')
        return response
      })
      .websocket('/ws', echo)
      .websocket('/closed', echo, {
        middleware: [() => Promise.resolve(text('Closed', { status: 503 }))],
      })
    const server = new MemoryServer(app)
    const open = await new MemoryWebSocket(server).open()
    const closed = await new MemoryWebSocket(server).open(handshake('/closed'))
    expect(seen).toEqual([101, 503])
    expect(open.head).toContain('x-seen: yes\r\n')
    expect(closed.head).toContain('503')
    server.host.destroy('the test is over')
    await settle()
    server.host.end()
  })

  test('refuses options that make no sense', () => {
    const app = new Application()
    const add = (options: WebSocketRouteOptions) => () => app.websocket('/ws', echo, options)
    expect(add({ origins: 'all' as 'any' })).toThrow(TypeError)
    expect(add({ origins: ['example.com'] })).toThrow(TypeError)
    expect(add({ origins: ['https://example.com/'] })).toThrow(TypeError)
    expect(add({ subprotocols: ['a b'] })).toThrow(TypeError)
    expect(add({ subprotocols: ['a', 'a'] })).toThrow(TypeError)
    expect(add({ maxMessageSize: 0 })).toThrow(RangeError)
    expect(add({ maxMessageSize: 2 ** 31 })).toThrow(RangeError)
    expect(add({ heartbeat: 0 })).toThrow(RangeError)
    expect(add({ heartbeat: '5' as unknown as number })).toThrow(TypeError)
    expect(add({ finishTimeout: -1 })).toThrow(RangeError)
    expect(add({ compression: { windowBits: 8 } })).toThrow(RangeError)
    expect(() => app.websocket('/ws', undefined as unknown as WebSocketHandler)).toThrow(TypeError)
  })
})

async function opened(
  handler: WebSocketHandler,
  options?: WebSocketRouteOptions,
): Promise<[MemoryServer, MemoryWebSocket]> {
  const server = serverWith(handler, options)
  return [server, await new MemoryWebSocket(server).open()]
}

/** Waits for an answer that does not come. */
async function answerWithout(ws: WebSocketConnection): Promise<void> {
  for (;;) await ws.ping()
}

describe('The handler of a WebSocket', () => {
  test('that returns closes with 1000', async () => {
    const [server, socket] = await opened((ws) => ws.send('bye'))
    expect(socket.takeShort()).toEqual([
      [textFrame, 'bye'],
      [close, 1000],
    ])
    await socket.close(1000)
    await socket.client.end()
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('that throws closes with 1011, and the error is told', async () => {
    const [server, socket] = await opened(() => {
      throw new Error('boom')
    })
    expect(socket.takeShort()).toEqual([[close, 1011]])
    await socket.close(1011)
    await socket.client.end()
    expect(server.errors).toMatchObject([{ message: 'boom' }])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('that finds its client gone is not told as an error', async () => {
    for (const end of ['without a word', 'with 4000']) {
      let seen: unknown
      const [server, socket] = await opened(async (ws) => {
        try {
          for (;;) await ws.receive()
        } catch (error) {
          seen = error
          throw error
        }
      })
      if (end === 'with 4000') await socket.close(4000)
      await socket.client.end()
      expect(seen).toBeInstanceOf(ConnectionClosedError)
      expect(server.errors).toEqual([])
      expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
      server.host.end()
    }
  })

  test.each<[string, WebSocketHandler]>([
    [
      'a group of it',
      (ws) =>
        taskGroup(async (group) => {
          group.spawn(() => answerWithout(ws))
          for await (const _ of ws) continue
        }),
    ],
    [
      'a group in a group of it',
      (ws) => taskGroup(() => taskGroup((group) => void group.spawn(() => answerWithout(ws)))),
    ],
    [
      'a task of it',
      async (ws) => {
        createTask(() => answerWithout(ws))
        for await (const _ of ws) continue
      },
    ],
  ])('that finds in %s that its client is gone is not told as an error', async (_, handler) => {
    for (const code of [undefined, 1000, 4000]) {
      const [server, socket] = await opened(handler)
      if (code !== undefined) await socket.close(code)
      await socket.client.end()
      expect(server.errors).toEqual([])
      expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
      server.host.end()
    }
  })

  test('that fails for another reason, too, in a task of it, is told so', async () => {
    const [server, socket] = await opened((ws) =>
      taskGroup(async (group) => {
        group.spawn(async () => {
          try {
            await answerWithout(ws)
          } catch {
            throw new Error('a fault of ours')
          }
        })
        for await (const _ of ws) continue
      }),
    )
    await socket.client.end()
    expect(server.errors).toMatchObject([{ errors: [{}, { message: 'a fault of ours' }] }])
    server.host.end()
  })

  test('that has never received is cancelled when its client leaves, with its tasks', async () => {
    using _ = MockClock.install()
    const ended: string[] = []
    const [server, socket] = await opened(async () => {
      createTask(async () => {
        try {
          await sleep(60_000)
        } finally {
          ended.push('task')
        }
      })
      try {
        await sleep(60_000)
      } finally {
        ended.push('handler')
      }
    })
    await socket.client.end()
    expect(ended.sort()).toEqual(['handler', 'task'])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    expect([server.errors, server.host.wheel.size]).toEqual([[], 0])
    server.host.end()
  })

  test('that only sends ends with its client, who is given all that was sent, and our close frame', async () => {
    using clock = MockClock.install()
    const paused = new AsyncEvent()
    const [server, socket] = await opened(async (ws) => {
      await paused.wait()
      for (;;) await ws.send('x'.repeat(30_000))
    })
    socket.client.transport.pause()
    paused.set()
    await settle()
    await socket.close(1000)
    expect(server.host.statistics()).toMatchObject({ connections: 1, active: 1 })
    socket.client.transport.resume()
    await settle()
    const frames = socket.takeShort()
    expect(frames.pop()).toEqual([close, 1000])
    expect(frames.length).toBeGreaterThan(0)
    expect(frames.every(([opcode, data]) => opcode === textFrame && data === frames[0]?.[1])).toBe(
      true,
    )
    await socket.client.end()
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    expect([server.errors, server.host.wheel.size]).toEqual([[], 0])

    paused.clear()
    const late = await new MemoryWebSocket(server).open()
    late.client.transport.pause()
    paused.set()
    await settle()
    await late.close(1000)
    expect(server.host.statistics()).toMatchObject({ connections: 1, active: 1 })
    await clock.advance(10_100)
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    expect([server.errors, server.host.wheel.size]).toEqual([[], 0])
    server.host.end()
  })

  test('that receives is given what came before, and is cancelled when it takes no more', async () => {
    using clock = MockClock.install()
    const seen: unknown[] = []
    let cancelled = false
    const [server, socket] = await opened(async (ws) => {
      try {
        for await (const message of ws) {
          seen.push(message)
          await sleep(message === 'long' ? 5_000 : 800)
        }
      } catch (error) {
        cancelled = true
        throw error
      }
    })
    for (const message of ['a', 'b', 'c', 'long', 'lost']) await socket.send(textFrame, message)
    await socket.close(1000)
    await socket.client.end()
    await clock.advance(2_500)
    expect(seen).toEqual(['a', 'b', 'c', 'long'])
    expect(cancelled).toBe(false)
    await clock.advance(2_000)
    expect([cancelled, server.errors]).toEqual([true, []])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    expect(seen.length).toBe(4)
    server.host.end()
  })

  test('with cancelOnDisconnect false comes to its end by itself', async () => {
    using clock = MockClock.install()
    let done = false
    const [server, socket] = await opened(
      async () => {
        await sleep(60_000)
        done = true
      },
      { cancelOnDisconnect: false },
    )
    await socket.client.end()
    await clock.advance(59_999)
    expect(server.host.statistics().active).toBe(1)
    await clock.advance(1)
    expect([done, server.host.statistics().active]).toEqual([true, 0])
    server.host.end()
  })

  test('leaves no task behind when it returns', async () => {
    using _ = MockClock.install()
    let cancelled = false
    const [server, socket] = await opened(() => {
      createTask(async () => {
        try {
          await sleep(60_000)
        } catch (error) {
          cancelled = true
          throw error
        }
      })
    })
    await socket.close(1000)
    await socket.client.end()
    expect([cancelled, server.host.statistics().active]).toEqual([true, 0])
    expect(server.host.wheel.size).toBe(0)
    server.host.end()
  })

  test('hears of the end of the server by a close with 1001, and has until the deadline', async () => {
    using clock = MockClock.install()
    const events: string[] = []
    const [server, socket] = await opened(async (ws) => {
      for await (const message of ws) events.push(String(message))
      events.push('left the loop')
      await sleep(500)
      events.push('cleaned up')
    })
    await socket.send(textFrame, 'a')
    server.host.startClosing()
    await settle()
    expect(socket.takeShort()).toEqual([[close, 1001]])
    await socket.close(1001)
    await socket.client.end()
    expect(events).toEqual(['a', 'left the loop'])
    await clock.advance(500)
    expect(events).toEqual(['a', 'left the loop', 'cleaned up'])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('is cancelled at the deadline, and a client that does not answer is dropped', async () => {
    using _ = MockClock.install()
    const gate = new AsyncEvent()
    let ws: WebSocketConnection | undefined
    const [server, socket] = await opened(async (connection) => {
      ws = connection
      await gate.wait()
    })
    server.host.startClosing()
    await settle()
    expect(socket.takeShort()).toEqual([[close, 1001]])
    server.host.destroy('the deadline has passed')
    await settle()
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    expect([socket.client.ended, ws?.ending?.closeCode]).toEqual([true, 1006])
    expect(server.host.wheel.size).toBe(0)
    expect(server.errors).toEqual([])
    server.host.end()
  })
})
