/** When a room writes, by a clock in the hands of the test. */
import { Room, type RoomOptions } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { afterEach, describe, expect, test } from 'vitest'
import type { Clock, ClockTimer } from '../../../src/concurrency/time/clock.ts'
import { replaceClock } from '../../../src/concurrency/time/current-clock.ts'
import { FlushPace } from '../../../src/http/websocket/room/flush-pace.ts'
import { someTurns } from '../../support/open-resources.ts'
import { Uncaught } from '../../support/uncaught.ts'
import { type Pair, webSocketPair } from '../../support/websocket-pair.ts'

/** A clock that goes on by what a test says that something has taken. */
class WorkClock implements Clock {
  time = 1_000
  readonly #timers = new Map<ClockTimer, { due: number; callback: () => void }>()

  now(): number {
    return this.time
  }

  get pending(): number {
    return this.#timers.size
  }

  setTimer(delay: number, callback: () => void): ClockTimer {
    const timer = { cancel: () => void this.#timers.delete(timer) }
    this.#timers.set(timer, { due: this.time + delay, callback })
    return timer
  }

  async pass(delay: number): Promise<void> {
    this.time += delay
    for (const [timer, { due, callback }] of this.#timers) {
      if (due > this.time) continue
      this.#timers.delete(timer)
      callback()
    }
    await settle()
  }
}

let restore: (() => void) | undefined
afterEach(() => restore?.())

interface Busy {
  readonly room: Room
  readonly clock: WorkClock
  readonly member: Pair
  /** What was written since the last time. */
  readonly written: () => string[]
}

/** A room in which each write takes 8 ms, and a member of it. */
async function busyRoom(options: RoomOptions = {}): Promise<Busy> {
  // Its heartbeat is not by the clock that is looked at.
  const member = await webSocketPair()
  const clock = new WorkClock()
  restore = replaceClock(clock)
  const room = new Room(options)
  room.join(member.ws)
  const { near, peer } = member
  const write = near.write.bind(near)
  near.write = (data) => {
    clock.time += 8
    return write(data)
  }
  return { room, clock, member, written: () => peer.takeShort().map(([, said]) => String(said)) }
}

describe('Room', () => {
  test('a message that comes when nothing was written lately leaves in its turn', async () => {
    const { room, clock, member, written } = await busyRoom()
    await room.publish('a')
    await settle()
    expect(written()).toEqual(['a'])
    clock.time += 8
    await room.publish('b')
    await settle()
    expect(written()).toEqual(['b'])
    member.ws.destroy()
  })

  test('what comes right behind a write waits as long as that took, and leaves in one', async () => {
    const { room, clock, member, written } = await busyRoom()
    await room.publish('a')
    await settle()
    for (const message of ['b', 'c', 'd']) {
      await room.publish(message)
      await settle()
    }
    expect(written()).toEqual(['a'])
    expect(room.statistics()).toMatchObject({ published: 4, flushes: 1, queued: 3 })
    await clock.pass(7)
    expect(written()).toEqual([])
    await clock.pass(1)
    expect(written()).toEqual(['b', 'c', 'd'])
    expect(room.statistics()).toMatchObject({ published: 4, flushes: 2, queued: 0 })
    expect(clock.pending).toBe(0)
    member.ws.destroy()
  })

  test('maxDelay bounds that wait, from the first message that waits', async () => {
    const { room, clock, member, written } = await busyRoom({ maxDelay: 3 })
    await room.publish('a')
    await settle()
    await room.publish('b')
    await clock.pass(2)
    await room.publish('c')
    await clock.pass(0.9)
    expect(written()).toEqual(['a'])
    await clock.pass(0.1)
    expect(written()).toEqual(['b', 'c'])
    member.ws.destroy()
  })

  test('maxDelay of 0 writes in each turn, and so does a room that is written in no time', async () => {
    const { room, clock, member, written } = await busyRoom({ maxDelay: 0 })
    await room.publish('a')
    await settle()
    await room.publish('b')
    await settle()
    expect(written()).toEqual(['a', 'b'])
    restore?.()
    const mock = MockClock.install()
    restore = () => mock[Symbol.dispose]()
    const idle = new Room()
    idle.join(member.ws)
    for (let at = 0; at < 3; at++) {
      await idle.publish(`${at}`)
      await settle()
    }
    expect(idle.statistics().flushes).toBe(3)
    expect(clock.pending + mock.pending).toBe(0)
    member.ws.destroy()
  })

  test('as much as is worth gathering is written at once, and lets the loop turn', async () => {
    const { room, clock, member, written } = await busyRoom()
    await room.publish('a')
    await settle()
    const half = 'x'.repeat(40_000)
    const publishing = [room.publish(half), room.publish(half)]
    // Not later, and not by a timer.
    expect([room.statistics().flushes, clock.pending]).toEqual([2, 0])
    let turned = false
    void publishing[1]!.then(() => (turned = true))
    await Promise.resolve()
    await Promise.resolve()
    expect(turned).toBe(false)
    expect(await Promise.all(publishing)).toEqual([1, 1])
    expect(written()).toEqual(['a', half, half])
    member.ws.destroy()
  })

  test('nothing is left of a wait when all have left', async () => {
    const { room, clock, member, written } = await busyRoom()
    await room.publish('a')
    await settle()
    await room.publish('b')
    expect(clock.pending).toBe(1)
    room.leave(member.ws)
    await settle()
    expect([written(), clock.pending]).toEqual([['a', 'b'], 0])
    expect(room.statistics()).toMatchObject({ flushes: 1, queued: 0 })
    member.ws.destroy()
  })

  test('a write that fails is a lost error, and the next messages are written', async () => {
    const { room, member, written } = await busyRoom()
    using uncaught = new Uncaught()
    const { near } = member
    const write = near.write.bind(near)
    near.write = () => {
      throw new Error('Cannot write')
    }
    await room.publish('a')
    await settle()
    near.write = write
    await room.publish('b')
    await settle()
    expect([uncaught.errors.map(String), written()]).toEqual([['Error: Cannot write'], ['b']])
    member.ws.destroy()
  })

  test('what a close frame is sent behind does not wait', async () => {
    const { room, clock, member, written } = await busyRoom()
    await room.publish('a')
    await settle()
    await room.publish('b')
    void member.ws.close(1001)
    await settle()
    expect([written(), clock.pending]).toEqual([['a', 'b', '1001'], 0])
    member.ws.destroy()
  })
})

describe('FlushPace', () => {
  test('takes half of the time at most, however much is published', async () => {
    const clock = new WorkClock()
    restore = replaceClock(clock)
    let busy = 0
    const pace: FlushPace = new FlushPace(10, () => {
      const began = clock.time
      clock.time += 4
      busy += 4
      pace.done(began)
      pace.begin()
    })
    pace.begin()
    const began = clock.time
    for (let at = 0; at < 200; at++) {
      await someTurns(1)
      await clock.pass(0.5)
    }
    const share = busy / (clock.time - began)
    expect(share).toBeGreaterThan(0.4)
    // The first one waits for nothing.
    expect(share).toBeLessThan(0.52)
    pace.stop()
    expect(clock.pending).toBe(0)
  })

  test('does not wait for less than a timer can tell', async () => {
    const clock = new WorkClock()
    restore = replaceClock(clock)
    let flushes = 0
    const pace = new FlushPace(10, () => flushes++)
    pace.done(clock.time - 0.2)
    pace.begin()
    await someTurns(2)
    expect([flushes, clock.pending]).toEqual([1, 0])
  })
})
