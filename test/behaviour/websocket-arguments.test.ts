/** Bad arguments of everything that is published for WebSockets: told at once, with the value and what is allowed. */
import { ClientSession } from 'spool/client'
import { Application, Room } from 'spool/server'
import { settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { webSocketPair } from '../support/websocket-pair.ts'

type Bad = readonly [options: Record<string, unknown>, error: typeof TypeError, message: string]

// Of both ends.
const shared: readonly Bad[] = [
  [{ maxMessagesize: 1 }, TypeError, 'Cannot use "maxMessagesize" as an option of'],
  [{ maxMessageSize: '1' }, TypeError, 'Invalid "maxMessageSize" "1": expected a number'],
  [{ maxMessageSize: 0 }, RangeError, 'Invalid "maxMessageSize" 0: expected a whole number, 1 to'],
  [{ maxMessageSize: 1.5 }, RangeError, 'Invalid "maxMessageSize" 1.5'],
  [{ maxMessageSize: 2 ** 31 }, RangeError, 'Invalid "maxMessageSize" 2147483648'],
  [{ maxMessageSize: Infinity }, RangeError, 'Invalid "maxMessageSize" Infinity'],
  [{ maxQueue: -1 }, RangeError, 'Invalid "maxQueue" -1: expected a whole number, 1 or more'],
  [{ maxSendQueue: Number.NaN }, RangeError, 'Invalid "maxSendQueue" NaN'],
  [{ heartbeat: 0 }, RangeError, 'Invalid "heartbeat" 0: expected more than 0 ms, or Infinity'],
  [{ heartbeat: true }, TypeError, 'Invalid "heartbeat" true: expected a number of milliseconds'],
  [{ heartbeatTimeout: -5 }, RangeError, 'Invalid "heartbeatTimeout" -5'],
  [{ idleTimeout: '1s' }, TypeError, 'Invalid "idleTimeout" "1s"'],
  [{ closeTimeout: Number.NaN }, RangeError, 'Invalid "closeTimeout" NaN'],
  [{ compression: 'yes' }, TypeError, 'Invalid "compression" "yes"'],
  [{ compression: 9 }, TypeError, 'Invalid "compression" 9: expected true, false or an object'],
  [{ compression: { bits: 9 } }, TypeError, 'Cannot use "bits" as an option of'],
  [{ compression: { threshold: -1 } }, RangeError, 'Invalid "threshold" -1'],
  [{ compression: { level: 0 } }, RangeError, 'Invalid "level" 0: expected a whole number, 1 to 9'],
  [{ compression: { level: 10 } }, RangeError, 'Invalid "level" 10'],
  [{ compression: { windowBits: 8 } }, RangeError, 'Invalid "windowBits" 8'],
  [{ compression: { windowBits: '9' } }, TypeError, 'Invalid "windowBits" "9"'],
  [{ compression: { peerWindowBits: 16 } }, RangeError, 'Invalid "peerWindowBits" 16'],
  [{ compression: { contextTakeover: 'no' } }, TypeError, 'Cannot use "no" as "contextTakeover"'],
  [{ compression: { peerContextTakeover: 1 } }, TypeError, 'Cannot use 1 as "peerContextTakeover"'],
  [{ subprotocols: 'chat' }, TypeError, 'Invalid "subprotocols" "chat": expected a list of names'],
  [{ subprotocols: ['a b'] }, TypeError, 'Invalid subprotocol "a b": expected a token'],
  [{ subprotocols: [''] }, TypeError, 'Invalid subprotocol "": expected a token'],
  [{ subprotocols: [1] }, TypeError, 'Invalid subprotocol 1: expected a token'],
  [{ subprotocols: ['a', 'a'] }, TypeError, 'Subprotocol "a" is given twice'],
]

const ofRoutes: readonly Bad[] = [
  ...shared,
  [{ origins: 'all' }, TypeError, 'Invalid "origins" "all": expected "same", "any" or a list'],
  [{ origins: 5 }, TypeError, 'Invalid "origins" 5: expected "same", "any" or a list'],
  [{ origins: ['example.com'] }, TypeError, 'Invalid origin "example.com"'],
  [{ origins: ['https://example.com/'] }, TypeError, 'Invalid origin "https://example.com/"'],
  [{ origins: [null] }, TypeError, 'Invalid origin null'],
  [{ accept: true }, TypeError, 'Invalid "accept" true: expected a function'],
  [{ finishTimeout: -1 }, RangeError, 'Invalid "finishTimeout" -1'],
  [{ finishTimeout: 'long' }, TypeError, 'Invalid "finishTimeout" "long"'],
  [{ timeout: 5 }, TypeError, 'Cannot use "timeout" as an option of a route for WebSockets'],
]

const ofRequests: readonly Bad[] = [
  ...shared,
  [{ protocols: ['a'] }, TypeError, 'Cannot use "protocols" as an option of a WebSocket'],
  [{ reconnect: {} }, TypeError, 'Cannot use "reconnect" as an option of a WebSocket'],
]

describe('Application.websocket()', () => {
  test.each(ofRoutes)('refuses %o', (options, type, message) => {
    const add = (): unknown => new Application().websocket('/', () => undefined, options)
    expect(add).toThrow(type)
    expect(add).toThrow(message)
  })

  test.each([null, 5, 'options', []])('refuses %o as its options', (options) => {
    const add = (): unknown => new Application().websocket('/', () => undefined, options as object)
    expect(add).toThrow(TypeError)
  })

  test.each([undefined, null, {}, 'handler'])('refuses %o as its handler', (handler) => {
    const add = (): unknown => new Application().websocket('/', handler as () => void)
    expect(add).toThrow('expected a function')
  })
})

describe('ClientSession.websocket()', () => {
  test.each(ofRequests)('refuses %o, and connects to nobody', async (options, type, message) => {
    await using session = new ClientSession()
    const error = await session.websocket('ws://127.0.0.1:1/', options).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(type)
    expect(String(error)).toContain(message)
    expect(session.statistics().opened).toBe(0)
  })

  test.each([undefined, null, 5, {}, 'ftp://example.com/', 'not a url'])(
    'refuses %o as its URL',
    async (url) => {
      await using session = new ClientSession()
      await expect(session.websocket(url as string)).rejects.toThrow(TypeError)
    },
  )

  test.each<[Record<string, unknown>, typeof TypeError, string]>([
    [{ attempts: -1 }, RangeError, 'Cannot use -1 as "attempts": expected 0 or more'],
    [{ delay: '1' }, TypeError, 'Cannot use "1" as "delay"'],
    [{ maxDelay: Number.NaN }, RangeError, 'Cannot use NaN as "maxDelay"'],
    [{ retries: 3 }, TypeError, 'Cannot use "retries" as an option of "reconnect"'],
  ])('websockets() refuses reconnect: %o', async (reconnect, type, message) => {
    await using session = new ClientSession()
    const next = session.websockets('ws://127.0.0.1:1/', { reconnect }).next()
    const error = await next.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(type)
    expect(String(error)).toContain(message)
  })
})

describe('WebSocketConnection', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic

  test.each<[string, (ws: never) => Promise<unknown>, typeof TypeError, string]>([
    ['send()', (ws: Sends) => ws.send(), TypeError, 'Cannot send undefined'],
    ['send(null)', (ws: Sends) => ws.send(null), TypeError, 'Cannot send null'],
    ['send(5)', (ws: Sends) => ws.send(5), TypeError, 'Cannot send 5'],
    ['send({})', (ws: Sends) => ws.send({}), TypeError, 'see sendJson() for values'],
    ['send([1])', (ws: Sends) => ws.send([1]), TypeError, 'Cannot send 1'],
    ['sendJson()', (ws: Sends) => ws.sendJson(undefined), TypeError, 'Cannot send undefined'],
    ['sendJson(fn)', (ws: Sends) => ws.sendJson(() => 1), TypeError, 'Cannot send function'],
    ['sendJson(1n)', (ws: Sends) => ws.sendJson(1n), TypeError, ''],
    ['sendJson(cyclic)', (ws: Sends) => ws.sendJson(cyclic), TypeError, ''],
    ['close("1000")', (ws: Sends) => ws.close('1000'), TypeError, 'Cannot close with code "1000"'],
    ['close(null)', (ws: Sends) => ws.close(null), TypeError, 'Cannot close with code null'],
    ['close(1005)', (ws: Sends) => ws.close(1005), RangeError, 'Cannot close with code 1005'],
    ['close(1000, 5)', (ws: Sends) => ws.close(1000, 5), TypeError, 'the reason 5: expected a'],
    [
      'a long reason',
      (ws: Sends) => ws.close(1000, 'x'.repeat(124)),
      RangeError,
      'a reason of 124 bytes: 123 are allowed',
    ],
  ])('%s is refused, and nothing is sent', async (_, call, type, message) => {
    const { ws, peer } = await webSocketPair('client')
    const error = await call(ws as never).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(type)
    expect(String(error)).toContain(message)
    await settle()
    expect([ws.open, peer.take()]).toEqual([true, []])
    ws.destroy()
  })
})

interface Sends {
  send(data?: unknown): Promise<void>
  sendJson(value: unknown): Promise<void>
  close(code?: unknown, reason?: unknown): Promise<void>
}

describe('Room', () => {
  test.each<Bad>([
    [{ whenSlow: 'ignore' }, TypeError, 'Invalid "whenSlow" "ignore": expected "wait"'],
    [{ whenSlow: 5 }, TypeError, 'Invalid "whenSlow" 5'],
    [{ maxQueue: 0 }, RangeError, 'Invalid "maxQueue" 0: expected 1 or more'],
    [{ maxQueue: Number.NaN }, RangeError, 'Invalid "maxQueue" NaN'],
    [{ maxQueue: '1' }, TypeError, 'Invalid "maxQueue" "1": expected a number of bytes'],
    [
      { maxqueue: 1 },
      TypeError,
      'Cannot use "maxqueue" as an option of a room, expected "maxQueue"',
    ],
  ])('refuses %o', (options, type, message) => {
    expect(() => new Room(options)).toThrow(type)
    expect(() => new Room(options)).toThrow(message)
  })

  test.each([undefined, null, 5, {}])('join() refuses %o', (ws) => {
    expect(() => new Room().join(ws as never)).toThrow(TypeError)
  })

  test.each([undefined, null, 5, {}, ['a']])('publish() refuses %o', async (message) => {
    await expect(new Room().publish(message as string)).rejects.toThrow(TypeError)
  })

  test('publish() and publishJson() refuse options that there are not, and values without JSON', async () => {
    const room = new Room()
    await expect(room.publish('a', { to: 1 } as object)).rejects.toThrow('Cannot use "to"')
    await expect(room.publishJson(undefined)).rejects.toThrow('Cannot publish undefined as JSON')
    await expect(room.publishJson(1n)).rejects.toThrow(TypeError)
    expect(room.statistics().published).toBe(0)
  })
})
