/**
 * A server of known capacity, as pure arithmetic: so many requests are worked on at a time, the others
 * queue. Someone always has more to send, and sends as many at a time as the limit says.
 */
import type { GradientLimit } from '../../../../src/concurrency/pool/policy/gradient-limit.ts'

export interface Phase {
  /** How many requests the server works on at a time. */
  readonly capacity: number
  /** How long it works on one, in milliseconds. */
  readonly service: number
  /** How long this lasts, in milliseconds. */
  readonly duration: number
}

export interface PhaseResult {
  /** The share of what the server could do in this phase that was done in its second half. */
  readonly share: number
  /** The limit in the second half: the median, and where nine in ten lie. */
  readonly limit: number
  readonly low: number
  readonly high: number
}

/** Numbers from 0 up to 1 that are the same each time (a linear congruential generator). */
export function reproducible(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

interface Request {
  readonly phase: number
  readonly sentAt: number
  doneAt: number
}

/** `spread`: by which part of `service` a request may take longer or shorter. */
export function simulate(
  limit: Pick<GradientLimit, 'limit' | 'phase' | 'succeeded'>,
  phases: readonly Phase[],
  spread: number,
): PhaseResult[] {
  const random = reproducible(1)
  const queued: Request[] = []
  const worked: Request[] = []
  const results: PhaseResult[] = []
  let now = 0
  let begin = 0
  for (const { capacity, service, duration } of phases) {
    const limits: number[] = []
    const half = begin + duration / 2
    let done = 0
    while (now < begin + duration) {
      while (queued.length + worked.length < limit.limit) {
        queued.push({ phase: limit.phase, sentAt: now, doneAt: 0 })
      }
      while (worked.length < capacity && queued.length > 0) {
        const request = queued.shift() as Request
        request.doneAt = now + service * (1 + spread * (2 * random() - 1))
        worked.push(request)
        worked.sort((a, b) => a.doneAt - b.doneAt)
      }
      const running = queued.length + worked.length
      const next = worked.shift() as Request
      now = next.doneAt
      limit.succeeded(next.phase, now - next.sentAt, running)
      if (now >= half) {
        done++
        limits.push(limit.limit)
      }
    }
    begin += duration
    limits.sort((a, b) => a - b)
    const at = (part: number) => limits[Math.floor(limits.length * part)] as number
    const possible = (capacity / service) * (now - half)
    results.push({ share: done / possible, limit: at(0.5), low: at(0.05), high: at(0.95) })
  }
  return results
}
