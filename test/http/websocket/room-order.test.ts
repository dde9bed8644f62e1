/** What comes before what: messages of rooms, messages sent to one alone, and the end of a connection. */
import { Room } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { someTurns } from '../../support/open-resources.ts'
import { opcodes } from '../../support/websocket-frames.ts'
import { type Pair, type RawPeer, webSocketPair } from '../../support/websocket-pair.ts'

const { text, close, pong, ping } = opcodes

/** What came of each read of the peer, which is a write of ours. */
function writesTo(peer: RawPeer): number[] {
  const lengths: number[] = []
  const { transport } = peer
  transport.start({
    data: (bytes) => void lengths.push(bytes.byteLength),
    end: () => undefined,
    drain: () => undefined,
    closed: () => undefined,
  })
  return lengths
}

async function joined(room: Room): Promise<Pair> {
  const pair = await webSocketPair()
  room.join(pair.ws)
  return pair
}

// No time passes while a room writes, so that it does not hold back what comes next.
let still: MockClock
beforeEach(() => (still = MockClock.install()))
afterEach(() => still[Symbol.dispose]())

describe('Room', () => {
  test('ws.send() to a member comes between what is published before and after it', async () => {
    const room = new Room()
    const [one, other] = [await joined(room), await joined(room)]
    void room.publish('a')
    void one.ws.send('b')
    void room.publish('c')
    void one.ws.send('d')
    void room.publish('e')
    await settle()
    expect(one.peer.takeShort().map(([, said]) => said)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(other.peer.takeShort().map(([, said]) => said)).toEqual(['a', 'c', 'e'])
    for (const { ws } of [one, other]) ws.destroy()
  })

  test('ws.send() to a slow member comes behind what waits for it', async () => {
    const room = new Room()
    const { ws, peer } = await joined(room)
    peer.transport.pause()
    void ws.send('x'.repeat(70_000))
    void room.publish('a')
    await settle()
    expect(room.statistics().queued).toBe(1)
    void ws.send('b')
    void room.publish('c')
    await settle()
    peer.transport.resume()
    await settle()
    expect(
      peer
        .takeShort()
        .slice(1)
        .map(([, said]) => said),
    ).toEqual(['a', 'b', 'c'])
    ws.destroy()
  })

  test('a member gets what is published while it is one, and nothing of before or after', async () => {
    const room = new Room()
    const early = await joined(room)
    void room.publish('a')
    const late = await webSocketPair()
    void room.publish('b')
    room.join(late.ws)
    void room.publish('c')
    room.leave(early.ws)
    void room.publish('d')
    room.join(early.ws)
    void room.publish('e')
    await settle()
    expect(early.peer.takeShort().map(([, said]) => said)).toEqual(['a', 'b', 'c', 'e'])
    expect(late.peer.takeShort().map(([, said]) => said)).toEqual(['c', 'd', 'e'])
    for (const { ws } of [early, late]) ws.destroy()
  })

  test('what is published when a member leaves is sent to it, though it is slow', async () => {
    const room = new Room()
    const { ws, peer } = await joined(room)
    peer.transport.pause()
    void ws.send('x'.repeat(70_000))
    void room.publish('a')
    await settle()
    void room.publish('b')
    room.leave(ws)
    void room.publish('c')
    expect([room.size, room.statistics().queued]).toEqual([0, 0])
    peer.transport.resume()
    await settle()
    expect(
      peer
        .takeShort()
        .slice(1)
        .map(([, said]) => said),
    ).toEqual(['a', 'b'])
    // Nothing of it is left with the connection.
    ws.link.listeners.tell(() => expect.unreachable('the room still listens'))
    ws.destroy()
  })

  test('a close frame of ours comes behind what was published, in the same write', async () => {
    const room = new Room()
    const [reading, other] = [await joined(room), await joined(room)]
    const writes = writesTo(other.peer)
    void room.publish('a')
    void reading.ws.close(1001)
    void room.publish('b')
    void other.ws.close(1001)
    expect([room.size, room.has(reading.ws)]).toEqual([0, false])
    void room.publish('c')
    await settle()
    expect(reading.peer.takeShort()).toEqual([
      [text, 'a'],
      [close, 1001],
    ])
    expect(writes).toEqual([3 + 3 + 4])
    for (const { ws } of [reading, other]) ws.destroy()
  })

  test('a slow member that is closed gets what waits for it, and then the close frame', async () => {
    const room = new Room()
    const { ws, peer } = await joined(room)
    peer.transport.pause()
    void ws.send('x'.repeat(70_000)).catch(() => undefined)
    for (const message of ['a', 'b']) void room.publish(message)
    await settle()
    void ws.close()
    peer.transport.resume()
    await settle()
    expect(peer.takeShort().slice(1)).toEqual([
      [text, 'a'],
      [text, 'b'],
      [close, 1000],
    ])
    ws.destroy()
  })

  test('the answer to a close frame comes behind what was published', async () => {
    const room = new Room()
    const { ws, peer } = await joined(room)
    const receiving = ws.receive().catch((error: unknown) => error)
    void room.publish('a')
    await peer.close(1000)
    expect(peer.takeShort()).toEqual([
      [text, 'a'],
      [close, 1000],
    ])
    expect(await receiving).toMatchObject({ closeCode: 1000 })
    ws.destroy()
  })

  test('a member that is gone costs the others nothing', async () => {
    const room = new Room()
    const [gone, other] = [await joined(room), await joined(room)]
    void room.publish('a')
    gone.ws.destroy()
    void room.publish('b')
    await settle()
    expect(other.peer.takeShort().map(([, said]) => said)).toEqual(['a', 'b'])
    expect([gone.peer.take(), room.size, room.statistics().queued]).toEqual([[], 1, 0])
    other.ws.destroy()
  })

  test('a ping, and the answer to one, come behind what was published', async () => {
    const room = new Room()
    const { ws, peer } = await joined(room)
    void room.publish('a')
    void ws.ping().catch(() => undefined)
    await settle()
    void room.publish('b')
    const answered = peer.send(ping, 'p')
    await answered
    expect(peer.takeShort()).toEqual([
      [text, 'a'],
      [ping, '1'],
      [text, 'b'],
      [pong, 'p'],
    ])
    ws.destroy()
  })

  test('what several rooms publish in one turn leaves in one write for who is in all of them', async () => {
    const rooms = [new Room(), new Room(), new Room()]
    const { ws, peer } = await webSocketPair()
    for (const room of rooms) room.join(ws)
    const writes = writesTo(peer)
    for (const room of rooms) void room.publish('a')
    await settle()
    expect(writes).toEqual([9])
    expect(rooms.map((room) => room.statistics().queued)).toEqual([0, 0, 0])
    ws.destroy()
  })

  test('publish() counts whom it is for, and keeps nothing for nobody', async () => {
    const room = new Room()
    const { ws, peer } = await joined(room)
    expect(await room.publish('a', { except: ws })).toBe(0)
    expect(room.statistics()).toMatchObject({ published: 1, queued: 0, flushes: 0 })
    expect(await room.publish('b', { except: (await webSocketPair()).ws })).toBe(1)
    room.leave(ws)
    expect(await room.publish('c')).toBe(0)
    await someTurns()
    expect(room.statistics()).toMatchObject({ published: 3, queued: 0, flushes: 0 })
    expect(peer.takeShort()).toEqual([[text, 'b']])
    ws.destroy()
  })

  test('statistics() counts what waits to be written, but for who is left out', async () => {
    const room = new Room()
    const [one, other] = [await joined(room), await joined(room)]
    void room.publish('a', { except: one.ws })
    void room.publish('b')
    expect(room.statistics()).toMatchObject({ members: 2, published: 2, queued: 3, flushes: 0 })
    void one.ws.send('to one')
    expect(room.statistics().queued).toBe(2)
    other.ws.destroy()
    expect(room.statistics().queued).toBe(0)
    await settle()
    expect(room.statistics()).toMatchObject({ queued: 0, flushes: 1 })
    expect(one.ws.statistics()).toMatchObject({ messagesSent: 2, bytesSent: 7 })
    one.ws.destroy()
  })
})
