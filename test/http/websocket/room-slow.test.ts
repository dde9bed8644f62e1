/** Who is slow: a member whose socket does not take what it is given, and nobody else. */
import { randomBytes } from 'node:crypto'
import { taskGroup } from 'spool'
import { Room } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { turn } from '../../../src/testing/settle.ts'
import { someTurns, turnUntil } from '../../support/open-resources.ts'
import { opcodes } from '../../support/websocket-frames.ts'
import { type Pair, webSocketPair } from '../../support/websocket-pair.ts'

// No time passes while a room writes, so that it does not hold back what comes next.
let still: MockClock
beforeEach(() => (still = MockClock.install()))
afterEach(() => still[Symbol.dispose]())

const message = (number: number): string => `${number}`.padEnd(10_000, '.')

/** 100,000 bytes, which half as many would say. */
const incompressible = (): string => randomBytes(50_000).toString('hex')

async function joined(room: Room): Promise<Pair> {
  const pair = await webSocketPair()
  room.join(pair.ws)
  return pair
}

async function compressing(room: Room): Promise<Pair> {
  const pair = await webSocketPair('server', { compression: true }, {})
  room.join(pair.ws)
  return pair
}

/** Makes its transport full. */
async function fill({ ws, peer }: Pair): Promise<void> {
  peer.transport.pause()
  void ws.send('x'.repeat(70_000)).catch(() => undefined)
  await settle()
}

describe('Room', () => {
  test('a burst of a hundred times maxQueue in one turn disconnects nobody who reads it', async () => {
    const room = new Room({ maxQueue: 10_000 })
    const { ws, peer } = await joined(room)
    for (let number = 0; number < 100; number++) void room.publish(message(number))
    expect(room.statistics().queued).toBeGreaterThan(10)
    await someTurns()
    void room.publish(message(100))
    await someTurns()
    expect(room.statistics()).toMatchObject({ members: 1, disconnected: 0, queued: 0 })
    expect(peer.take().map(({ payload }) => payload.toString())).toEqual(
      Array.from({ length: 101 }, (_, number) => message(number)),
    )
    ws.destroy()
  })

  test('nothing waits for a member whose socket has taken it, though that says it is full', async () => {
    const room = new Room()
    const { ws, near, peer } = await joined(room)
    const write = near.write.bind(near)
    // As a socket of Node.js does with a large write, which the system takes at once.
    near.write = (data) => {
      write(data)
      return false
    }
    Object.defineProperty(near, 'bytesQueued', { value: 0 })
    for (let number = 0; number < 100; number++) void room.publish(message(number))
    expect(room.statistics()).toMatchObject({ queued: 100 % 7, flushes: 14 })
    await settle()
    expect(peer.take().length).toBe(100)
    ws.destroy()
  })

  test('one message alone makes nobody slow, however large', async () => {
    const room = new Room({ maxQueue: 1_000 })
    const slow = await joined(room)
    await fill(slow)
    void room.publish(message(0))
    await someTurns()
    void room.publish(message(1))
    await someTurns()
    expect(room.statistics()).toMatchObject({ members: 1, queued: 2, disconnected: 0 })
    void room.publish('.')
    await someTurns()
    expect(room.statistics()).toMatchObject({ members: 0, queued: 0, disconnected: 1 })
    slow.ws.destroy()
  })

  test('wait holds who publishes until half of maxQueue is taken, and not before', async () => {
    const room = new Room({ whenSlow: 'wait', maxQueue: 300_000 })
    const { ws, peer } = await joined(room)
    let reads = 0
    peer.transport.start({
      data: () => {
        reads++
        peer.transport.pause()
      },
      end: () => undefined,
      drain: () => undefined,
      closed: () => undefined,
    })
    await fill({ ws, peer } as Pair)
    for (let number = 0; number < 30; number++) await room.publish(message(number))
    const waiting = room.publish('.')
    let published = false
    void waiting.then(() => (published = true))
    const seen: [number, boolean][] = []
    for (let read = 0; read < 4; read++) {
      await settle()
      seen.push([room.statistics().queued, published])
      peer.transport.resume()
    }
    // Of 30 messages, 7 in each read, which are 64 KiB; the last one has come to them.
    expect(seen).toEqual([
      [30, false],
      [23, false],
      [16, false],
      [10, true],
    ])
    expect([reads, await waiting]).toEqual([3, 1])
    ws.destroy()
  })

  test('wait holds nobody up for a slow member that has left', async () => {
    const room = new Room({ whenSlow: 'wait', maxQueue: 10_000 })
    const [slow, other] = [await joined(room), await joined(room)]
    await fill(slow)
    const publishing = [0, 1, 2].map((number) => room.publish(message(number)))
    room.leave(slow.ws)
    expect(await Promise.all(publishing)).toEqual([2, 1, 1])
    void slow.ws.ping().catch(() => undefined)
    expect(await room.publish(message(3))).toBe(1)
    // What it got still waits for it; by `send()`, it is handed over.
    void slow.ws.send('.').catch(() => undefined)
    slow.peer.transport.resume()
    await settle()
    expect(
      slow.peer
        .takeShort()
        .filter(([opcode]) => opcode === opcodes.text)
        .slice(1)
        .map(([, said]) => said),
    ).toEqual([message(0), '.'])
    expect(other.peer.take().length).toBe(4)
    for (const { ws } of [slow, other]) ws.destroy()
  })

  test('a member that never reads costs no more, however much is published', async () => {
    const room = new Room({ whenSlow: 'drop-oldest', maxQueue: 50_000 })
    const slow = await joined(room)
    await fill(slow)
    const before = slow.near.bytesQueued
    for (let number = 0; number < 5_000; number++) {
      await room.publish(message(number))
      // As much as `maxQueue`, and what is published until the loop has turned twice.
      expect(room.statistics().queued).toBeLessThanOrEqual(4 + 3 * 7)
    }
    await someTurns()
    const { queued, dropped } = room.statistics()
    expect(queued + dropped).toBe(5_000)
    expect(slow.near.bytesQueued).toBe(before)
    slow.ws.destroy()
  })
  test.each(['disconnect', 'drop-oldest'] as const)(
    '%s does nothing to members who read, however much has to be compressed for each',
    async (whenSlow) => {
      still[Symbol.dispose]()
      const room = new Room({ whenSlow, maxQueue: 500_000 })
      const members = await Promise.all([compressing(room), compressing(room), compressing(room)])
      const counts: number[] = []
      for (let number = 0; number < 40; number++) {
        counts.push(await room.publish(incompressible()))
        const { queued } = room.statistics()
        // Whoever awaits it is held up before as much waits as may.
        expect(queued).toBeLessThan(3 * 5)
      }
      await turnUntil(() => room.statistics().queued === 0)
      expect(counts).toEqual(Array.from({ length: 40 }, () => 3))
      expect(room.statistics()).toMatchObject({ members: 3, disconnected: 0, dropped: 0 })
      await turnUntil(() => members.every(({ ws }) => ws.link.writer.direct))
      expect(members.map(({ peer }) => peer.take().length)).toEqual([40, 40, 40])
      for (const { ws } of members) ws.destroy()
    },
  )

  test('nobody waits for the compression of a member that is stuck or gone', async () => {
    still[Symbol.dispose]()
    const room = new Room({ maxQueue: 200_000 })
    const [stuck, other] = [await compressing(room), await compressing(room)]
    stuck.peer.transport.pause()
    void stuck.ws.send(randomBytes(200_000)).catch(() => undefined)
    await turnUntil(() => stuck.ws.link.writer.direct)
    for (let number = 0; number < 10; number++) {
      await room.publish(incompressible())
      await someTurns(3)
    }
    expect(room.statistics()).toMatchObject({ members: 1, disconnected: 1 })
    const publishing = Array.from({ length: 6 }, () => room.publish(incompressible()))
    await turn()
    other.ws.destroy()
    // Some were given before it has gone.
    const counts = await Promise.all(publishing)
    expect(counts).toEqual(counts.toSorted((one, two) => two - one))
    expect([counts[0], counts[5]]).toEqual([1, 0])
    expect(room.statistics()).toMatchObject({ members: 0, queued: 0 })
    stuck.ws.destroy()
  })

  test('publish() is given up with its scope while it waits for compression', async () => {
    still[Symbol.dispose]()
    const room = new Room({ maxQueue: 200_000 })
    const { ws, peer } = await compressing(room)
    let results: PromiseSettledResult<number>[] = []
    await taskGroup(async (group) => {
      const held = group.spawn(async () => {
        results = await Promise.allSettled(
          Array.from({ length: 8 }, () => room.publish(incompressible())),
        )
      })
      await turn()
      held.cancel('no longer wanted')
    })
    // What was given is sent, and told so; what was not is not.
    const sent = results.filter(({ status }) => status === 'fulfilled').length
    expect(sent).toBeGreaterThan(1)
    expect(sent).toBeLessThan(6)
    for (const result of results.slice(sent)) {
      expect(result).toMatchObject({ reason: { code: 'SPOOL_CANCELLED' } })
    }
    await turnUntil(() => room.statistics().queued === 0 && ws.link.writer.direct)
    expect(peer.take().length).toBe(sent)
    expect(await room.publish('the next')).toBe(1)
    ws.destroy()
  })

  test('many who publish at once wait for compression one after the other', async () => {
    still[Symbol.dispose]()
    const room = new Room({ maxQueue: 500_000 })
    const members = await Promise.all([compressing(room), compressing(room), compressing(room)])
    const publishing = Array.from({ length: 40 }, async (_, number) => {
      const count = await room.publish(`${number} ${incompressible()}`)
      return { count, queued: room.statistics().queued }
    })
    for (const { count, queued } of await Promise.all(publishing)) {
      expect(count).toBe(3)
      expect(queued).toBeLessThan(3 * 5)
    }
    await turnUntil(
      () => room.statistics().queued === 0 && members.every(({ ws }) => ws.link.writer.direct),
    )
    expect(room.statistics()).toMatchObject({ members: 3, disconnected: 0 })
    expect(members.map(({ peer }) => peer.take().length)).toEqual([40, 40, 40])
    for (const { ws } of members) ws.destroy()
  })
})
