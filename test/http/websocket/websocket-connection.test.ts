import { BusyResourceError, CancelledError, now, sleep, taskGroup, timeout } from 'spool'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { rootScope, Scope } from '../../../src/concurrency/scope/scope.ts'
import { ConnectionClosedError } from '../../../src/http/websocket/connection-closed-error.ts'
import type { WebSocketData } from '../../../src/http/websocket/outgoing-message.ts'
import { ProtocolError } from '../../../src/wire/errors.ts'
import { opcodes } from '../../support/websocket-frames.ts'
import { type Role, webSocketPair } from '../../support/websocket-pair.ts'

const { continuation, text, binary, close, ping, pong } = opcodes

/** What became of it so far. */
function watched<T>(promise: Promise<T>): { value?: T; error?: unknown; over: boolean } {
  const state: { value?: T; error?: unknown; over: boolean } = { over: false }
  promise.then(
    (value) => Object.assign(state, { value, over: true }),
    (error: unknown) => Object.assign(state, { error, over: true }),
  )
  return state
}

function raise(message: string): never {
  throw new Error(message)
}

async function* slowParts(): AsyncGenerator<string> {
  yield 'one'
  yield ''
  await sleep(10)
  yield '\ud83d'
  yield '\ude00'
  yield 'two'
}

describe.each<Role>(['server', 'client'])('WebSocketConnection as a %s', (role) => {
  const masked = role === 'client'

  test('send() writes text, bytes and views as one frame each, masked by clients alone', async () => {
    const { ws, peer } = await webSocketPair(role)
    await ws.send('héllo')
    await ws.send(Buffer.from([0, 255]))
    await ws.send(new Uint16Array([0x0102]).buffer)
    await ws.send(new DataView(new Uint8Array([9, 8, 7]).buffer, 1, 1))
    await ws.send('')
    await settle()
    const frames = peer.take()
    expect(frames.map(({ opcode, payload }) => [opcode, payload.toString('latin1')])).toEqual([
      [text, Buffer.from('héllo').toString('latin1')],
      [binary, '\x00\xff'],
      [binary, '\x02\x01'],
      [binary, '\x08'],
      [text, ''],
    ])
    expect(frames.every((frame) => frame.fin && frame.rsv === 0 && frame.masked === masked)).toBe(
      true,
    )
    ws.destroy()
  })

  test.each([125, 126, 127, 65_535, 65_536, 70_000, 300_000])(
    'send() frames %s bytes by their length, and leaves the bytes as they were',
    async (length) => {
      const { ws, peer } = await webSocketPair(role)
      const bytes = Buffer.alloc(length, 'abcdefg')
      const letters = 'é'.repeat(length / 2)
      const sent = Promise.all([ws.send(bytes), ws.send(letters)])
      await settle()
      await sent
      const [first, second] = peer.take()
      expect(first?.payload.equals(Buffer.alloc(length, 'abcdefg'))).toBe(true)
      expect(bytes.equals(Buffer.alloc(length, 'abcdefg'))).toBe(true)
      expect(second?.payload.toString()).toBe(letters)
      ws.destroy()
    },
  )

  test('sendJson() and receiveJson() carry values', async () => {
    const { ws, peer } = await webSocketPair(role)
    await ws.sendJson({ a: [1, null] })
    await settle()
    expect(peer.takeShort()).toEqual([[text, '{"a":[1,null]}']])
    await peer.send(text, '{"b":2}')
    await peer.send(binary, '[3]')
    await peer.send(text, '{"b":')
    expect(await ws.receiveJson()).toEqual({ b: 2 })
    expect(await ws.receiveJson()).toEqual([3])
    await expect(ws.receiveJson()).rejects.toThrow(ProtocolError)
    await expect(ws.sendJson(undefined)).rejects.toThrow('Cannot send undefined as JSON')
    ws.destroy()
  })

  test('send() refuses what is no message', async () => {
    const { ws } = await webSocketPair(role)
    for (const data of [undefined, null, 5, {}, new Date(0)] as unknown as WebSocketData[]) {
      await expect(ws.send(data)).rejects.toThrow(TypeError)
    }
    expect(ws.statistics().messagesSent).toBe(0)
    ws.destroy()
  })

  test('receive() gives what came, in order, and waits for what has not', async () => {
    const { ws, peer } = await webSocketPair(role)
    await peer.send(text, 'one')
    await peer.send(binary, 'two')
    expect(ws.statistics()).toMatchObject({ queued: 2, queuedBytes: 134 })
    expect(await ws.receiveText()).toBe('one')
    expect(Buffer.from(await ws.receiveBytes()).toString()).toBe('two')
    const third = watched(ws.receive())
    await settle()
    expect(third.over).toBe(false)
    await peer.send(text, 'three')
    expect(third.value).toBe('three')
    await peer.send(text, 'x')
    await peer.send(binary, 'y')
    await expect(ws.receiveBytes()).rejects.toThrow('Expected bytes, got 1 characters of text')
    await expect(ws.receiveText()).rejects.toThrow('Expected text, got 1 bytes')
    ws.destroy()
  })

  test('receive() is for one task at a time', async () => {
    const { ws, peer } = await webSocketPair(role)
    const first = ws.receive()
    await expect(ws.receive()).rejects.toThrow(BusyResourceError)
    await expect(ws[Symbol.asyncIterator]().next()).rejects.toThrow(BusyResourceError)
    await peer.send(text, 'mine')
    expect(await first).toBe('mine')
    ws.destroy()
  })

  test('receive() that is cancelled loses no message', async () => {
    const { ws, peer } = await webSocketPair(role)
    using clock = MockClock.install()
    const waiting = watched(timeout(10, () => ws.receive()))
    await clock.advance(10)
    expect(waiting.error).toMatchObject({ code: 'SPOOL_TIMEOUT' })
    await peer.send(text, 'later')
    expect(await ws.receive()).toBe('later')
    ws.destroy()
  })

  test('every wait throws at once in a scope that is cancelled, and changes nothing', async () => {
    const { ws, peer } = await webSocketPair(role)
    await peer.send(text, 'kept')
    const scope = new Scope(rootScope)
    scope.cancel()
    await runInScope(scope, async () => {
      for (const wait of [
        () => ws.receive(),
        () => ws.receiveText(),
        () => ws[Symbol.asyncIterator]().next(),
        () => ws.send('x'),
        () => ws.sendJson(1),
        () => ws.send(['x']),
        () => ws.ping(),
        () => ws.closed(),
      ]) {
        await expect(wait()).rejects.toThrow(CancelledError)
      }
    })
    scope.end()
    await settle()
    expect(peer.take()).toEqual([])
    expect(await ws.receive()).toBe('kept')
    ws.destroy()
  })

  test('iterating ends when the peer closes, after all that came before', async () => {
    const { ws, peer } = await webSocketPair(role)
    await peer.send(text, 'a')
    await peer.send(text, 'b')
    await peer.close(1000, 'bye')
    const seen: unknown[] = []
    for await (const message of ws) seen.push(message)
    expect(seen).toEqual(['a', 'b'])
    expect(peer.takeShort()).toEqual([[close, 1000]])
    expect(peer.ended).toBe(true)
    expect(ws.ending).toMatchObject({ closeCode: 1000, reason: 'bye', wasClean: true })
    expect(ws.open).toBe(false)
    await peer.end()
    expect((await ws.closed()).closedBy).toBe('remote')
  })

  test.each([
    [1001, true],
    [undefined, true],
    [1011, false],
    [4001, false],
  ])('iterating after a close with %s ends quietly: %s', async (code, quiet) => {
    const { ws, peer } = await webSocketPair(role)
    const iterator = ws[Symbol.asyncIterator]()
    const end = watched(iterator.next())
    await peer.close(code)
    expect(end).toMatchObject(
      quiet
        ? { value: { value: undefined, done: true } }
        : { error: { closeCode: code, wasClean: true, closedBy: 'remote' } },
    )
    await expect(ws.receive()).rejects.toThrow(ConnectionClosedError)
    await expect(ws.send('x')).rejects.toMatchObject({ closeCode: code ?? 1005 })
    await expect(ws.ping()).rejects.toThrow(ConnectionClosedError)
    ws.destroy()
  })

  test('iterating throws when the peer leaves without a close frame', async () => {
    const { ws, peer } = await webSocketPair(role)
    await peer.send(text, 'a')
    const seen: unknown[] = []
    const loop = watched(
      (async () => {
        for await (const message of ws) seen.push(message)
      })(),
    )
    await peer.end()
    expect(seen).toEqual(['a'])
    expect(loop.error).toMatchObject({ closeCode: 1006, wasClean: false, closedBy: 'remote' })
    await settle()
    expect(peer.closed).toBe(true)
  })

  test('a reset is 1006, with its cause', async () => {
    const { ws, peer } = await webSocketPair(role)
    peer.transport.reset()
    await settle()
    expect(ws.ending).toMatchObject({ closeCode: 1006, wasClean: false })
    expect(ws.ending?.cause).toMatchObject({ code: 'SPOOL_BROKEN' })
    expect(ws.ending?.message).toBe(
      'The WebSocket is broken: Connection broken: connection reset by the peer',
    )
  })

  test('close() sends a close frame and waits for the answer and the end', async () => {
    const { ws, peer, wheel } = await webSocketPair(role)
    const waiting = watched(ws.receive())
    const closing = watched(ws.close(4000, 'enough'))
    await settle()
    expect(peer.take().map(({ opcode, payload }) => [opcode, payload.toString('latin1')])).toEqual([
      [close, '\x0f\xa0enough'],
    ])
    expect(ws.open).toBe(false)
    await expect(ws.send('x')).rejects.toMatchObject({ closeCode: 4000, reason: 'enough' })
    await peer.send(text, 'thrown away')
    await peer.close(4000)
    expect(waiting.error).toMatchObject({ closeCode: 4000, wasClean: true, closedBy: 'local' })
    expect(closing.over).toBe(false)
    await peer.end()
    expect(closing).toEqual({ value: undefined, over: true })
    expect([peer.closed, wheel.size]).toEqual([true, 0])
    await ws.close()
  })

  test('close() by this end is the quiet end of an iteration, whatever the code', async () => {
    const { ws, peer } = await webSocketPair(role)
    const end = watched(ws[Symbol.asyncIterator]().next())
    const closing = ws.close(4001)
    await peer.close(4001)
    await peer.end()
    await closing
    expect(end.value).toEqual({ value: undefined, done: true })
  })

  test('close() drops a peer that does not answer, when its time is over', async () => {
    using clock = MockClock.install()
    const { ws, peer, wheel } = await webSocketPair(role, { closeTimeout: 1_000 })
    const closing = watched(ws.close())
    await clock.advance(999)
    expect(closing.over).toBe(false)
    await clock.advance(201)
    expect(closing).toEqual({ value: undefined, over: true })
    expect(ws.ending).toMatchObject({ closeCode: 1006, wasClean: false, closedBy: 'local' })
    expect(ws.ending?.message).toContain('within 1000 ms')
    expect([peer.ended, wheel.size]).toEqual([true, 0])
  })

  test('a peer that closes and does not end the connection is dropped, too', async () => {
    using clock = MockClock.install()
    const { ws, peer } = await webSocketPair(role, { closeTimeout: 1_000 })
    await peer.close(1000)
    const gone = watched(ws.closed())
    await clock.advance(1_200)
    expect(gone.value).toMatchObject({ closeCode: 1000, wasClean: true })
    expect(ws.link.gone).toBe(true)
  })

  test('close() in a cancelled scope says so, drops the connection, and does not throw', async () => {
    const { ws, peer, wheel } = await webSocketPair(role)
    const scope = new Scope(rootScope)
    const closing = runInScope(scope, () => ws.close())
    await settle()
    scope.cancel()
    await closing
    await settle()
    expect(peer.takeShort()).toEqual([[close, 1000]])
    expect([peer.closed || peer.ended, ws.link.gone, wheel.size]).toEqual([true, true, 0])
    scope.end()
  })

  test('await using closes', async () => {
    const { ws, peer } = await webSocketPair(role)
    const block = (async () => {
      await using open = ws
      await open.send('x')
    })()
    await settle()
    expect(peer.takeShort()).toEqual([
      [text, 'x'],
      [close, 1000],
    ])
    await peer.close(1000)
    await peer.end()
    await block
  })

  test('close() refuses codes that must not be sent, and reasons that are too long', async () => {
    const { ws, peer } = await webSocketPair(role)
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 1000.5, Number.NaN]) {
      await expect(ws.close(code)).rejects.toThrow(RangeError)
    }
    await expect(ws.close(1000, 'é'.repeat(62))).rejects.toThrow(
      'Cannot close with a reason of 124 bytes: 123 are allowed',
    )
    expect(ws.open).toBe(true)
    await settle()
    expect(peer.take()).toEqual([])
    ws.destroy()
  })

  test('destroy() drops the connection without a close frame', async () => {
    const { ws, peer, wheel } = await webSocketPair(role)
    const waiting = watched(ws.receive())
    ws.destroy()
    await settle()
    expect(waiting.error).toMatchObject({ closeCode: 1006, closedBy: 'local' })
    expect([peer.take(), peer.ended, wheel.size]).toEqual([[], true, 0])
  })

  test('ping() tells the round-trip time, and answers to later pings answer the ones before', async () => {
    using clock = MockClock.install()
    const { ws, peer } = await webSocketPair(role)
    const first = watched(ws.ping())
    await clock.advance(30)
    const second = watched(ws.ping())
    await clock.advance(12)
    const frames = peer.take()
    expect(frames.map(({ opcode }) => opcode)).toEqual([ping, ping])
    await peer.send(pong, 'nobody asked')
    expect([first.over, second.over, ws.statistics().pings]).toEqual([false, false, 2])
    await peer.send(pong, frames[1]!.payload)
    expect([first.value, second.value]).toEqual([42, 12])
    expect(ws.statistics()).toMatchObject({ pings: 0, roundTrip: 12 })
    const third = watched(timeout(5, () => ws.ping()))
    await clock.advance(5)
    expect([third.error, ws.statistics().pings]).toMatchObject([{ code: 'SPOOL_TIMEOUT' }, 0])
    const fourth = watched(ws.ping())
    ws.destroy()
    await settle()
    expect(fourth.error).toBeInstanceOf(ConnectionClosedError)
    expect(now()).toBe(clock.now())
  })

  test('send() waits while the peer does not read, and nothing piles up', async () => {
    const { ws, peer } = await webSocketPair(role)
    peer.transport.pause()
    const message = 'x'.repeat(1_000)
    let sent = 0
    const loop = watched(
      (async () => {
        while (sent < 1_000) {
          await ws.send(message)
          sent++
        }
      })(),
    )
    await settle()
    expect(sent).toBeGreaterThan(10)
    const before = sent
    const { sending } = ws.statistics()
    expect(sending).toBeLessThan(70_000)
    await settle()
    expect([sent, ws.statistics().sending]).toEqual([before, sending])
    peer.transport.resume()
    await settle()
    expect([loop.over, sent]).toEqual([true, 1_000])
    peer.transport.pause()
    const held = watched(ws.send(Buffer.alloc(100_000)))
    await settle()
    expect(held.over).toBe(false)
    ws.destroy()
    await settle()
    expect(held.error).toBeInstanceOf(ConnectionClosedError)
  })

  test('send() that nobody awaits is refused above maxSendQueue', async () => {
    const { ws, peer } = await webSocketPair(role, { maxSendQueue: 100_000 })
    peer.transport.pause()
    const sends: { error?: unknown }[] = []
    for (let count = 0; count < 150; count++) sends.push(watched(ws.send('x'.repeat(1_000))))
    await settle()
    const refused = sends.filter(({ error }) => error !== undefined)
    expect(refused.length).toBeGreaterThan(40)
    expect(refused[0]?.error).toMatchObject({ code: 'SPOOL_BUSY' })
    expect(ws.statistics().sending).toBeLessThan(102_000)
    ws.destroy()
  })

  test('send() that is cancelled while it waits has sent its message', async () => {
    using clock = MockClock.install()
    const { ws, peer } = await webSocketPair(role, {}, undefined, { highWaterMark: 10 })
    peer.transport.pause()
    const sending = watched(timeout(10, () => ws.send('a long message')))
    await clock.advance(10)
    expect(sending.error).toMatchObject({ code: 'SPOOL_TIMEOUT' })
    peer.transport.resume()
    await settle()
    expect(peer.takeShort()).toEqual([[text, 'a long message']])
    ws.destroy()
  })

  test('send() of an iterable is one message in fragments, which others wait behind', async () => {
    const { ws, peer } = await webSocketPair(role)
    using clock = MockClock.install()
    const stream = watched(ws.send(slowParts()))
    await settle()
    const behind = watched(ws.send('behind'))
    const other = watched(ws.send([Buffer.from('a'), Buffer.from('b')]))
    const answer = watched(ws.ping())
    await settle()
    expect([stream.over, behind.over, answer.over]).toEqual([false, false, false])
    expect(peer.take().map(({ opcode }) => opcode)).toEqual([ping])
    await clock.advance(10)
    const frames = peer.take().map(({ opcode, fin, payload }) => [opcode, fin, payload.toString()])
    expect(frames).toEqual([
      [text, false, 'one'],
      [continuation, false, '😀'],
      [continuation, true, 'two'],
      [text, true, 'behind'],
      [binary, false, 'a'],
      [continuation, true, 'b'],
    ])
    expect([stream.over, behind.over, other.over]).toEqual([true, true, true])
    expect(ws.statistics()).toMatchObject({ messagesSent: 3, bytesSent: 18 })
    ws.destroy()
  })

  test('send() of an iterable holds back while the peer does not read', async () => {
    const { ws, peer } = await webSocketPair(role)
    peer.transport.pause()
    let taken = 0
    function* parts(): Generator<Uint8Array> {
      for (; taken < 100; taken++) yield Buffer.alloc(10_000)
    }
    const stream = watched(ws.send(parts()))
    await settle()
    expect(taken).toBeLessThan(12)
    peer.transport.resume()
    await settle()
    expect(stream).toEqual({ value: undefined, over: true })
    const payload = Buffer.concat(peer.take().map((frame) => frame.payload))
    expect(payload.length).toBe(1_000_000)
    ws.destroy()
  })

  test.each<[string, () => Iterable<string | Uint8Array>, [boolean, string][]]>([
    ['nothing', () => [], [[true, '']]],
    ['empty parts', () => ['', ''], [[true, '']]],
    ['half a character at the end', () => ['a', '\ud83d'], [[true, 'a\ufffd']]],
    ['one part', () => ['all'], [[true, 'all']]],
  ])('send() of an iterable of %s is a whole message', async (_, parts, expected) => {
    const { ws, peer } = await webSocketPair(role)
    await ws.send(parts())
    await settle()
    expect(peer.take().map(({ fin, payload }) => [fin, payload.toString()])).toEqual(expected)
    ws.destroy()
  })

  test('send() of an iterable that fails before its first fragment leaves the connection alone', async () => {
    const { ws, peer } = await webSocketPair(role)
    const failing = { [Symbol.iterator]: () => ({ next: () => raise('nothing to read') }) }
    await expect(ws.send(failing)).rejects.toThrow('nothing to read')
    await ws.send('still here')
    await settle()
    expect(peer.takeShort()).toEqual([[text, 'still here']])
    ws.destroy()
  })

  test('send() of an iterable that fails in the middle closes with 1011', async () => {
    const { ws, peer } = await webSocketPair(role)
    const failing = (function* (): Generator<string | Uint8Array> {
      yield 'a'
      yield 'b'
      yield Buffer.from('c')
    })()
    const behind = watched(ws.send(failing))
    await settle()
    expect(behind.error).toMatchObject({ message: 'Cannot send a message of both text and bytes' })
    expect(peer.takeShort()).toEqual([
      [text, 'a'],
      [close, 1011],
    ])
    ws.destroy()
  })

  test('the queue of received messages pauses the socket, bounded by its limit and one read', async () => {
    const { ws, peer, near } = await webSocketPair(role, { maxQueue: 10_000 })
    for (let count = 0; count < 100; count++) await peer.send(text, 'x'.repeat(936))
    expect(near.paused).toBe(true)
    expect(ws.statistics()).toMatchObject({ queued: 10, queuedBytes: 10_000, messagesReceived: 10 })
    for (let count = 0; count < 5; count++) await ws.receive()
    await settle()
    // Room for half of it: filled up again.
    expect(ws.statistics()).toMatchObject({ queued: 10, messagesReceived: 15 })
    for (let count = 5; count < 100; count++) await ws.receive()
    await settle()
    expect(ws.statistics().messagesReceived).toBe(100)
    ws.destroy()
  })

  test('the queue counts empty messages, too', async () => {
    const { ws, peer, near } = await webSocketPair(role, { maxQueue: 640 })
    for (let count = 0; count < 20; count++) await peer.send(text, '')
    expect(near.paused).toBe(true)
    expect(ws.statistics().queued).toBe(10)
    ws.destroy()
  })

  test('close() reads on behind a full queue, for the answer', async () => {
    const { ws, peer } = await webSocketPair(role, { maxQueue: 100 })
    for (let count = 0; count < 10; count++) await peer.send(text, 'x'.repeat(50))
    const closing = watched(ws.close())
    await peer.close(1000)
    await peer.end()
    expect(closing.over).toBe(true)
    const seen: unknown[] = []
    for await (const message of ws) seen.push(message)
    expect(seen.length).toBe(1)
  })

  test('pings are answered while nobody receives, and only the last of those that must wait', async () => {
    const { ws, peer } = await webSocketPair(role, {}, undefined, { highWaterMark: 100 })
    await peer.send(ping, 'one')
    expect(peer.takeShort()).toEqual([[pong, 'one']])
    peer.transport.pause()
    const sending = watched(ws.send('x'.repeat(200)))
    for (let count = 0; count < 1_000; count++) peer.transport.write(Buffer.alloc(0))
    for (let count = 0; count < 50; count++) await peer.send(ping, `p${count}`)
    expect(sending.over).toBe(false)
    peer.transport.resume()
    await settle()
    const [, ...rest] = peer.takeShort()
    expect(rest).toEqual([[pong, 'p49']])
    ws.destroy()
  })

  test('a handler in a group sees the end of its scope and not a lost socket', async () => {
    const { ws, peer } = await webSocketPair(role)
    const ended = watched(
      taskGroup(async (group) => {
        group.spawn(async () => {
          await using open = ws
          await open.receive()
        })
        await Promise.resolve()
        group.cancel()
      }),
    )
    await settle()
    expect(ended.over).toBe(true)
    expect(peer.takeShort()).toEqual([[close, 1000]])
    expect(ws.link.gone).toBe(true)
  })
})
