import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type AttemptEvents,
  ConnectionRace,
  interleave,
} from '../../../src/io/socket/happy-eyeballs.ts'
import { MockClock } from '../../../src/testing/index.ts'

class FakeAttempt {
  readonly target: string
  readonly events: AttemptEvents<FakeAttempt>
  destroyed = false

  constructor(target: string, events: AttemptEvents<FakeAttempt>) {
    this.target = target
    this.events = events
  }

  destroy(): void {
    this.destroyed = true
  }

  connect(): void {
    this.events.connected(this)
  }

  fail(): void {
    this.events.failed(this, new Error(`no ${this.target}`))
  }
}

function race(...targets: string[]) {
  const attempts: FakeAttempt[] = []
  const results: string[] = []
  const running = new ConnectionRace<string, FakeAttempt>(
    targets,
    (target, events) => {
      const attempt = new FakeAttempt(target, events)
      attempts.push(attempt)
      return attempt
    },
    {
      won: (attempt, target) => results.push(`won ${target} ${attempt.target}`),
      lost: (failures) => {
        const all = failures.map(({ target, error }) => `${target}: ${error.message}`)
        results.push(`lost ${all.join(', ')}`)
      },
    },
  )
  running.start()
  const attempt = (index: number): FakeAttempt => {
    const found = attempts[index]
    if (found === undefined) throw new Error(`There is no attempt ${index}`)
    return found
  }
  return { race: running, attempts, attempt, results }
}

const six = (address: string) => ({ address, family: 6 }) as const
const four = (address: string) => ({ address, family: 4 }) as const

describe('interleave()', () => {
  test('alternates the families, beginning with the first (RFC 8305 §4)', () => {
    const addresses = [six('a'), six('b'), six('c'), four('d'), four('e')]
    expect(interleave(addresses).map(({ address }) => address)).toEqual(['a', 'd', 'b', 'e', 'c'])
    const reversed = interleave(addresses.toReversed())
    expect(reversed.map(({ address }) => address)).toEqual(['e', 'c', 'd', 'b', 'a'])
  })

  test('leaves one family, and nothing, as they are', () => {
    expect(interleave([four('a'), four('b')])).toEqual([four('a'), four('b')])
    expect(interleave([])).toEqual([])
  })
})

describe('ConnectionRace', () => {
  let clock: MockClock
  beforeEach(() => {
    clock = MockClock.install()
  })
  afterEach(() => clock[Symbol.dispose]())

  test('begins the next attempt 250 ms after the one before (RFC 8305 §5)', async () => {
    const { attempts, attempt, results } = race('a', 'b', 'c')
    expect(attempts).toHaveLength(1)
    await clock.advance(249)
    expect(attempts).toHaveLength(1)
    await clock.advance(1)
    expect(attempts).toHaveLength(2)
    await clock.advance(250)
    expect(attempts).toHaveLength(3)
    attempt(1).connect()
    expect(results).toEqual(['won b b'])
    expect(clock.pending).toBe(0)
    expect(attempts.map(({ destroyed }) => destroyed)).toEqual([true, false, true])
  })

  test('begins the next attempt at once when one fails, and 250 ms count from there', async () => {
    const { attempts, attempt, results } = race('a', 'b', 'c')
    await clock.advance(100)
    attempt(0).fail()
    expect(attempts).toHaveLength(2)
    await clock.advance(249)
    expect(attempts).toHaveLength(2)
    await clock.advance(1)
    expect(attempts).toHaveLength(3)
    attempt(2).connect()
    expect(results).toEqual(['won c c'])
    expect(attempts.map(({ destroyed }) => destroyed)).toEqual([false, true, false])
  })

  test('is lost when all have failed, in the order of failing', async () => {
    const { attempt, results } = race('a', 'b')
    await clock.advance(250)
    attempt(1).fail()
    expect(results).toEqual([])
    attempt(0).fail()
    expect(results).toEqual(['lost b: no b, a: no a'])
    expect(clock.pending).toBe(0)
  })

  test('is lost at once without targets', () => {
    expect(race().results).toEqual(['lost '])
  })

  test('keeps the first winner when another answers later', async () => {
    const { attempt, results } = race('a', 'b')
    await clock.advance(250)
    attempt(0).connect()
    attempt(1).connect()
    attempt(1).fail()
    expect(results).toEqual(['won a a'])
  })

  test('stop() destroys every attempt, and nothing is told any more', async () => {
    const { race: running, attempts, attempt, results } = race('a', 'b', 'c')
    await clock.advance(250)
    running.stop()
    attempt(0).connect()
    attempt(1).fail()
    await clock.advance(1000)
    expect(results).toEqual([])
    expect(clock.pending).toBe(0)
    expect(attempts.map(({ destroyed }) => destroyed)).toEqual([true, true])
  })
})
