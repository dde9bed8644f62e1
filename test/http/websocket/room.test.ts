import { constants, inflateRawSync } from 'node:zlib'
import { timeout } from 'spool'
import { Room, type RoomOptions } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { turn } from '../../../src/testing/settle.ts'
import { someTurns } from '../../support/open-resources.ts'
import { opcodes } from '../../support/websocket-frames.ts'
import { type Pair, webSocketPair } from '../../support/websocket-pair.ts'

const { text, binary, continuation, close } = opcodes

async function pairs(count: number, room: Room): Promise<Pair[]> {
  const made: Pair[] = []
  for (let index = 0; index < count; index++) {
    const pair = await webSocketPair()
    room.join(pair.ws)
    made.push(pair)
  }
  return made
}

function texts({ peer }: Pair): string[] {
  return peer.take().map(({ payload }) => payload.toString())
}

/** A room whose second member does not read, and whose queues hold three messages of 1,000 bytes. */
async function withSlowMember(
  options: RoomOptions,
): Promise<{ room: Room; fast: Pair; slow: Pair }> {
  const room = new Room({ maxQueue: 3_192, ...options })
  const [fast, slow] = await pairs(2, room)
  slow!.peer.transport.pause()
  // Fills the transport, so that the room has to keep the next.
  void slow!.ws.send(Buffer.alloc(100_000)).catch(() => undefined)
  return { room, fast: fast!, slow: slow! }
}

const message = (number: number): string => `${number}`.padEnd(1_000, '.')

// No time passes while a room writes, so that it does not hold back what comes next.
let still: MockClock
beforeEach(() => (still = MockClock.install()))
afterEach(() => still[Symbol.dispose]())

describe('Room', () => {
  test('publish() sends to all but the one who is left out, in order', async () => {
    const room = new Room()
    const [first, second, third] = await pairs(3, room)
    expect(await room.publish('a')).toBe(3)
    expect(await room.publish(Buffer.from('b'), { except: second!.ws })).toBe(2)
    expect(await room.publishJson({ c: 1 })).toBe(3)
    await settle()
    expect([first, second, third].map((pair) => texts(pair!))).toEqual([
      ['a', 'b', '{"c":1}'],
      ['a', '{"c":1}'],
      ['a', 'b', '{"c":1}'],
    ])
    expect(first!.ws.statistics()).toMatchObject({ messagesSent: 3, bytesSent: 9 })
    expect(room.statistics()).toMatchObject({ members: 3, published: 3, queued: 0 })
    for (const { ws } of [first!, second!, third!]) ws.destroy()
    await settle()
    expect(room.size).toBe(0)
  })

  test('what is published in one turn of the loop leaves in one write for each', async () => {
    const room = new Room()
    const members = await pairs(2, room)
    const reads = members.map(({ peer }) => {
      const chunks: number[] = []
      peer.transport.start({
        data: (bytes) => void chunks.push(bytes.byteLength),
        end: () => undefined,
        drain: () => undefined,
        closed: () => undefined,
      })
      return chunks
    })
    for (const message of ['a', 'b', 'c']) await room.publish(message)
    await members[0]!.ws.send('d')
    expect(reads).toEqual([[], []])
    await settle()
    expect(reads).toEqual([[12], [9]])
    await room.publish('e')
    await settle()
    expect(reads).toEqual([
      [12, 3],
      [9, 3],
    ])
    for (const { ws } of members) ws.destroy()
  })

  test('join() is undone by disposing, by leave(), and by the end of the connection', async () => {
    const room = new Room()
    const [{ ws }, other] = [await webSocketPair(), await webSocketPair()]
    {
      using _ = room.join(ws)
      room.join(ws)
      expect([room.size, room.has(ws)]).toEqual([1, true])
    }
    expect([room.size, room.has(ws), room.leave(ws)]).toEqual([0, false, false])
    room.join(ws)
    room.join(other.ws)
    expect(room.leave(ws)).toBe(true)
    await other.peer.end()
    expect(room.size).toBe(0)
    room.join(other.ws)
    expect(room.size).toBe(0)
    ws.destroy()
  })

  test('a message does not come between the fragments of another', async () => {
    const room = new Room()
    const [{ ws, peer }] = (await pairs(1, room)) as [Pair]
    const { promise, resolve } = Promise.withResolvers<void>()
    const sending = ws.send(
      (async function* (): AsyncGenerator<string> {
        yield 'a'
        yield 'b'
        await promise
        yield 'c'
      })(),
    )
    await settle()
    await room.publish('published')
    await settle()
    expect(room.statistics().queued).toBe(1)
    resolve()
    await sending
    await settle()
    expect(peer.take().map(({ opcode, fin }) => [opcode, fin])).toEqual([
      [text, false],
      [continuation, false],
      [continuation, true],
      [text, true],
    ])
    ws.destroy()
  })

  test('disconnect closes a slow member with 1013, and nobody else notices', async () => {
    const { room, fast, slow } = await withSlowMember({})
    for (let number = 0; number < 10; number++) await room.publish(message(number))
    await someTurns()
    expect(room.statistics()).toMatchObject({ members: 2, disconnected: 0, queued: 10 })
    await room.publish(message(10))
    await someTurns()
    expect(texts(fast).length).toBe(11)
    expect(room.statistics()).toMatchObject({ members: 1, disconnected: 1, queued: 0 })
    slow.peer.transport.resume()
    await settle()
    expect(
      slow.peer.takeShort().map(([opcode, said]) => [opcode, opcode === close && said]),
    ).toEqual([
      [binary, false],
      [close, 1013],
    ])
    fast.ws.destroy()
    slow.ws.destroy()
  })

  test('drop-oldest keeps the newest for a slow member', async () => {
    const { room, fast, slow } = await withSlowMember({ whenSlow: 'drop-oldest' })
    for (let number = 0; number < 10; number++) await room.publish(message(number))
    await someTurns()
    expect(room.statistics()).toMatchObject({ members: 2, queued: 10, dropped: 0 })
    await room.publish(message(10))
    await someTurns()
    expect(texts(fast).length).toBe(11)
    expect(room.statistics()).toMatchObject({ members: 2, queued: 3, dropped: 8 })
    slow.peer.transport.resume()
    await settle()
    expect(texts(slow).slice(1)).toEqual([message(8), message(9), message(10)])
    expect(room.statistics().queued).toBe(0)
    fast.ws.destroy()
    slow.ws.destroy()
  })

  test('wait holds who publishes until the slow member has taken half, in order', async () => {
    using clock = MockClock.install()
    const { room, fast, slow } = await withSlowMember({ whenSlow: 'wait' })
    const given: number[] = []
    const publishing = Array.from({ length: 6 }, (_, number) =>
      room.publish(message(number)).then((count) => given.push(count)),
    )
    await settle()
    expect([given.length, texts(fast).length]).toEqual([3, 3])
    const cancelled = timeout(10, () => room.publish('never')).catch((error: unknown) => error)
    await clock.advance(10)
    expect(await cancelled).toMatchObject({ code: 'SPOOL_TIMEOUT' })
    slow.peer.transport.resume()
    await settle()
    await Promise.all(publishing)
    expect(texts(slow).slice(1)).toEqual([0, 1, 2, 3, 4, 5].map(message))
    expect(texts(fast)).toEqual([3, 4, 5].map(message))
    fast.ws.destroy()
    slow.ws.destroy()
    await settle()
  })

  test('wait goes on when the slow member leaves', async () => {
    const { room, fast, slow } = await withSlowMember({ whenSlow: 'wait' })
    const publishing = Array.from({ length: 6 }, (_, number) => room.publish(message(number)))
    await settle()
    slow.ws.destroy()
    expect((await Promise.all(publishing)).slice(3)).toEqual([1, 1, 1])
    fast.ws.destroy()
  })

  test('those who compress share a frame only without a context, and nothing overtakes', async () => {
    const room = new Room()
    const keeping = await webSocketPair('server', {}, {})
    const [one, two] = [
      await webSocketPair('server', {}, { contextTakeover: false, windowBits: 10 }),
      await webSocketPair('server', {}, { contextTakeover: false, windowBits: 10 }),
    ]
    for (const { ws } of [keeping, one, two]) room.join(ws)
    const long = 'spool '.repeat(2_000)
    await room.publish(long)
    await room.publish('short')
    for (let turns = 0; room.statistics().queued > 0 && turns < 10_000; turns++) await turn()
    await settle()
    for (const { peer } of [keeping, one, two]) {
      const [first, second] = peer.take()
      expect([first!.rsv, second!.rsv, second!.payload.toString()]).toEqual([4, 0, 'short'])
      const tail = Buffer.from([0, 0, 0xff, 0xff])
      const options = { finishFlush: constants.Z_SYNC_FLUSH }
      expect(inflateRawSync(Buffer.concat([first!.payload, tail]), options).toString()).toBe(long)
    }
    expect(one.ws.link.deflate!.extension).toMatchObject({ _deflate: null })
    for (const { ws } of [keeping, one, two]) ws.destroy()
  })

  test('refuses options that make no sense', () => {
    expect(() => new Room({ whenSlow: 'ignore' as 'wait' })).toThrow(TypeError)
    expect(() => new Room({ maxQueue: 0 })).toThrow(RangeError)
    expect(() => new Room({ maxQueue: Number.NaN })).toThrow(RangeError)
    expect(() => new Room({ maxDelay: -1 })).toThrow(
      'Invalid "maxDelay" -1: expected 0 ms or more, or Infinity',
    )
    expect(() => new Room({ maxDelay: '1' as unknown as number })).toThrow(TypeError)
  })
})
