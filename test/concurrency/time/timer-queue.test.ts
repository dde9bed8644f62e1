import { expect, test, vi } from 'vitest'
import { TimerQueue } from '../../../src/concurrency/time/timer-queue.ts'
import { enclosingScope, runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'

/** Sets a timer and waits for it; resolves to how long it took. */
function fired(queue: TimerQueue, delay: number): Promise<number> {
  const before = performance.now()
  return new Promise((resolve) => {
    queue.add(delay, () => resolve(performance.now() - before))
  })
}

/** The time, which stands still between `stop()` and `go()`. */
function stoppable(): { now: () => number; stop: () => void; go: () => void } {
  let at: number | undefined
  return {
    now: () => at ?? performance.now(),
    stop() {
      at = performance.now()
    },
    go() {
      at = undefined
    },
  }
}

function activeTimeouts(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

function block(milliseconds: number): void {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

test('a timer fires once, and never early', async () => {
  const queue = new TimerQueue(false)
  const took = await Promise.all([2, 1, 3.5, 1].map((delay) => fired(queue, delay)))
  expect(took[0]).toBeGreaterThanOrEqual(2)
  expect(took[1]).toBeGreaterThanOrEqual(1)
  expect(took[2]).toBeGreaterThanOrEqual(3.5)
  expect(took[3]).toBeGreaterThanOrEqual(1)
  expect(queue.size).toBe(0)
})

test('timers fire in the order of their time, and those of the same millisecond in the order in which they were set', async () => {
  const queue = new TimerQueue(false)
  const order: string[] = []
  const last = fired(queue, 30).then(() => order.push('30'))
  queue.add(20, () => order.push('20 a'))
  queue.add(1, () => order.push('1'))
  queue.add(20, () => order.push('20 b'))
  await last
  expect(order).toEqual(['1', '20 a', '20 b', '30'])
})

test('timers that are late let what earlier ones woke run first, and do not wait again', async () => {
  const queue = new TimerQueue(false)
  const order: string[] = []
  queue.add(1, () => {
    order.push('first')
    void Promise.resolve().then(() => order.push('woken by first'))
  })
  const all = Promise.all([fired(queue, 3), fired(queue, 5)]).then(() => order.push('last'))
  queue.add(3, () => order.push('second'))
  block(8)
  await all
  expect(order).toEqual(['first', 'woken by first', 'second', 'last'])
})

test('cancel() stops a timer; again, or after it fired, it does nothing', async () => {
  const queue = new TimerQueue(false)
  const stopped = vi.fn()
  const timers = [1, 1, 1].map((delay) => queue.add(delay, stopped))
  timers[1]?.cancel()
  timers[0]?.cancel()
  timers[2]?.cancel()
  timers[2]?.cancel()
  expect(queue.size).toBe(0)
  const done = queue.add(1, () => undefined)
  await fired(queue, 2)
  done.cancel()
  expect(stopped).not.toHaveBeenCalled()
  expect(queue.size).toBe(0)
})

test('a timer of Node.js that fires before the time has come fires nothing', async () => {
  const clock = stoppable()
  const queue = new TimerQueue(false, clock.now)
  clock.stop()
  let early = true
  const took = fired(queue, 1).then(() => early)
  await fired(new TimerQueue(false), 5)
  early = false
  clock.go()
  expect(await took).toBe(false)
})

test('a timer that was the last one, and is cancelled, leaves nothing to do', async () => {
  const queue = new TimerQueue(false)
  const never = vi.fn()
  queue.add(1, never).cancel()
  await fired(new TimerQueue(false), 5)
  expect([queue.size, queue.buckets, never.mock.calls]).toEqual([0, 0, []])
})

test('a timer may cancel another one of the same millisecond', async () => {
  const never = vi.fn()
  const clock = stoppable()
  const queue = new TimerQueue(false, clock.now)
  clock.stop()
  queue.add(2, () => other.cancel())
  const other = queue.add(2, never)
  const last = fired(queue, 2)
  clock.go()
  await last
  expect(never).not.toHaveBeenCalled()
})

test('a timer may set another one', async () => {
  const queue = new TimerQueue(false)
  await new Promise<void>((resolve) => {
    queue.add(1, () => {
      queue.add(1, () => {
        queue.add(40, resolve).cancel()
        queue.add(1, resolve)
      })
    })
  })
  expect(queue.size).toBe(0)
})

test('a timer set for later is overtaken by one set for earlier', async () => {
  const queue = new TimerQueue(false)
  const later = queue.add(60_000, () => undefined)
  await fired(queue, 1)
  expect(queue.size).toBe(1)
  later.cancel()
})

test('a delay beyond the 32 bits of setTimeout() does not fire at once', async () => {
  const queue = new TimerQueue(false)
  const early = vi.fn()
  const timers = [2 ** 31, 2 ** 40, Infinity].map((delay) => queue.add(delay, early))
  await fired(queue, 2)
  await nextTurn()
  expect(early).not.toHaveBeenCalled()
  for (const timer of timers) timer.cancel()
})

test('timers that are set and cancelled by the thousand leave little behind', async () => {
  const queue = new TimerQueue(false)
  const kept = vi.fn()
  const keep = queue.add(60_000, kept)
  for (let i = 0; i < 2_000; i++) queue.add(1_000 + i * 7, () => undefined).cancel()
  const timers = Array.from({ length: 200 }, (_, i) => queue.add(1_000 + i * 7, () => undefined))
  expect(queue.size).toBe(201)
  for (const timer of timers) timer.cancel()
  expect(queue.buckets).toBeLessThan(150)
  await fired(queue, 1)
  expect(kept).not.toHaveBeenCalled()
  keep.cancel()
})

test('a bucket that was emptied is used again', async () => {
  const clock = stoppable()
  const queue = new TimerQueue(false, clock.now)
  clock.stop()
  queue.add(5, () => undefined).cancel()
  const took = fired(queue, 5)
  clock.go()
  await took
  expect(queue.buckets).toBe(0)
})

test('a timer that throws stops no other, and its error is an uncaught exception', async () => {
  const thrown: (() => void)[] = []
  const uncaught = vi
    .spyOn(globalThis, 'queueMicrotask')
    .mockImplementation((callback) => void thrown.push(callback))
  const clock = stoppable()
  const queue = new TimerQueue(false, clock.now)
  clock.stop()
  queue.add(2, () => {
    throw new Error('broken')
  })
  const took = fired(queue, 2)
  clock.go()
  await took
  uncaught.mockRestore()
  expect(thrown).toHaveLength(1)
  expect(thrown[0]).toThrow('broken')
})

test('a timer set in a scope is entered outside of it', async () => {
  const queue = new TimerQueue(false)
  const scope = await new Promise((resolve) => {
    runInScope(new Scope(undefined), () => queue.add(1, () => resolve(enclosingScope())))
  })
  expect(scope).toBeUndefined()
})

test('only foreground timers keep the process alive, and only while there are any', () => {
  const before = activeTimeouts()
  const background = new TimerQueue(true)
  const queue = new TimerQueue(false)
  const unheard = background.add(60_000, () => undefined)
  expect(activeTimeouts()).toBe(before)
  const timer = queue.add(60_000, () => undefined)
  expect(activeTimeouts()).toBe(before + 1)
  timer.cancel()
  expect(activeTimeouts()).toBe(before)
  const again = queue.add(90_000, () => undefined)
  expect(activeTimeouts()).toBe(before + 1)
  again.cancel()
  unheard.cancel()
  const other = new TimerQueue(false)
  const endless = other.add(Infinity, () => undefined)
  expect(activeTimeouts()).toBe(before + 1)
  endless.cancel()
  expect(activeTimeouts()).toBe(before)
})
