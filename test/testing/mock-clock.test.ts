import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { clock, now } from '../../src/concurrency/time/current-clock.ts'
import { realClock } from '../../src/concurrency/time/real-clock.ts'
import { Waiter } from '../../src/concurrency/scope/waiter.ts'
import { sleep } from '../../src/concurrency/time/sleep.ts'
import { MockClock } from '../../src/testing/mock-clock.ts'
import { settle } from '../../src/testing/settle.ts'

function wait(delay: number): Promise<void> {
  const waiter = new Waiter<void>()
  clock().setTimer(delay, () => waiter.resolve())
  return waiter.promise
}

it('MockClock stands still until it is advanced', async () => {
  using mock = MockClock.install()
  const fired: number[] = []
  mock.setTimer(100, () => fired.push(mock.now()))
  mock.setTimer(50, () => fired.push(mock.now()))
  await settle()
  expect(fired).toEqual([])

  await mock.advance(99)
  expect(fired).toEqual([50])
  await mock.advance(1)
  expect(fired).toEqual([50, 100])
  expect(mock.now()).toBe(100)
})

it('MockClock lets what a timer wakes set timers that fall into the same advance', async () => {
  using mock = MockClock.install()
  const times: number[] = []
  const program = (async () => {
    for (let i = 0; i < 5; i++) {
      await wait(10)
      times.push(mock.now())
    }
  })()

  await mock.advance(45)
  expect(times).toEqual([10, 20, 30, 40])
  await mock.advance(5)
  await program
  expect(times.at(-1)).toBe(50)
})

it('MockClock jumps to the next timer when every task waits', async () => {
  using mock = MockClock.install({ autoJump: true, start: 1_000 })
  await wait(3_600_000)
  await wait(3_600_000)
  expect(mock.now()).toBe(7_201_000)
})

it('MockClock does not jump while a real socket may speak', async () => {
  using mock = MockClock.install({ autoJump: true })
  const server = createServer((socket) => socket.pipe(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const { connect } = await import('node:net')
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  const sleeper = wait(1_000)

  for (let i = 0; i < 20; i++) await settle()
  expect(mock.now()).toBe(0)

  const closed = new Promise((resolve) => server.close(resolve))
  socket.destroy()
  await closed
  await sleeper
  expect(mock.now()).toBe(1_000)
})

it('MockClock forgets a timer that was cancelled', async () => {
  using mock = MockClock.install()
  let fired = false
  const timer = mock.setTimer(5, () => (fired = true))
  timer.cancel()
  timer.cancel()
  await mock.advance(10)
  expect(fired).toBe(false)
  expect(mock.pending).toBe(0)
})

it('MockClock puts the clock before it back when it is disposed of', () => {
  const mock = MockClock.install()
  expect(clock()).toBe(mock)
  mock[Symbol.dispose]()
  mock[Symbol.dispose]()
  expect(clock()).toBe(realClock)
})

it('MockClock refuses to go back', async () => {
  using mock = MockClock.install()
  await expect(mock.advance(-1)).rejects.toThrow(
    'Invalid time to advance by -1: expected 0 ms or more',
  )
  await expect(mock.advance(Number.NaN)).rejects.toThrow(RangeError)
})

it('MockClock may be disposed of in any order', () => {
  const before = clock()
  const [first, second, third] = [1, 2, 3].map((start) => MockClock.install({ start }))
  second?.[Symbol.dispose]()
  expect(now()).toBe(3)
  third?.[Symbol.dispose]()
  expect(now()).toBe(1)
  second?.[Symbol.dispose]()
  expect(now()).toBe(1)
  first?.[Symbol.dispose]()
  expect(clock()).toBe(before)
})

it('MockClock is advanced by several at once one after the other, and inside what it wakes too', async () => {
  using mock = MockClock.install()
  const woken: number[] = []
  const waits = [5, 10, 15, 25].map((delay) => sleep(delay).then(() => woken.push(now())))
  let inside: Promise<void> | undefined
  void sleep(5).then(() => (inside = mock.advance(10)))
  const refused = mock.advance(-1)
  await Promise.all([
    mock.advance(10),
    mock.advance(5),
    expect(refused).rejects.toThrow(RangeError),
  ])
  expect(mock.now()).toBe(15)
  await inside
  expect(mock.now()).toBe(25)
  await Promise.all(waits)
  expect(woken).toEqual([5, 10, 15, 25])
})

it('MockClock refuses to be advanced once it is disposed of', async () => {
  const mock = MockClock.install()
  mock[Symbol.dispose]()
  await expect(mock.advance(1)).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
})
