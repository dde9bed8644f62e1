import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backlog, type BacklogOptions } from '../../../../src/cli/fetch/schedule/backlog.ts'
import { type Job, newJob } from '../../../../src/cli/fetch/schedule/job.ts'

function backlogOf(hosts: string, options: Partial<BacklogOptions> = {}): Backlog {
  const backlog = new Backlog({ limit: 100, perHost: 1, capacity: 100, ...options })
  for (const [index, host] of Array.from(hosts).entries()) {
    backlog.add(newJob(index + 1, `http://${host}/`, host))
  }
  return backlog
}

function takeAll(backlog: Backlog): Job[] {
  const jobs: Job[] = []
  for (let job = backlog.take(); job !== undefined; job = backlog.take()) jobs.push(job)
  return jobs
}

const indexes = (jobs: readonly Job[]): number[] => jobs.map(({ index }) => index)

describe('Backlog', () => {
  it('take() keeps the order of the list within a host', () => {
    expect(indexes(takeAll(backlogOf('aaaa', { perHost: 9 })))).toEqual([1, 2, 3, 4])
  })

  it('take() gives hosts their turns', () => {
    expect(indexes(takeAll(backlogOf('aaabc', { perHost: 2 })))).toEqual([1, 4, 5, 2])
  })

  it('take() passes over a host that is full, so that it does not starve the others', () => {
    const backlog = backlogOf('aaaab')
    const [first, other] = takeAll(backlog)
    expect([first?.index, other?.index]).toEqual([1, 5])
    expect(backlog.take()).toBeUndefined()
    if (first !== undefined) backlog.finish(first)
    expect(backlog.take()?.index).toBe(2)
  })

  it('take() gives no more than the limit at a time', () => {
    const backlog = backlogOf('abc', { limit: 2 })
    const [first, second, third] = takeAll(backlog)
    expect([first?.index, second?.index, third]).toEqual([1, 2, undefined])
    if (first !== undefined) backlog.finish(first)
    expect(backlog.take()?.index).toBe(3)
  })

  it('full is about what is queued or waits for a retry, not about what is in work', () => {
    const backlog = backlogOf('ab', { capacity: 2 })
    expect(backlog.full).toBe(true)
    const job = backlog.take()
    expect(backlog.full).toBe(false)
    if (job !== undefined) backlog.postpone(job, 10)
    expect(backlog.full).toBe(true)
    expect([backlog.queued, backlog.waiting, backlog.active]).toEqual([1, 1, 0])
  })

  it('postpone() gives the place back while the retry waits', () => {
    const backlog = backlogOf('aa')
    const job = backlog.take()
    if (job !== undefined) backlog.postpone(job, 10)
    expect(backlog.take()?.index).toBe(2)
  })

  it('wake() puts those that are due before the others, the earliest first', () => {
    const backlog = backlogOf('aaaa', { perHost: 3 })
    const [first, second, third] = takeAll(backlog)
    if (first !== undefined) backlog.postpone(first, 20)
    if (second !== undefined) backlog.postpone(second, 10)
    expect(backlog.nextDue).toBe(10)
    backlog.wake(9)
    expect(backlog.waiting).toBe(2)
    backlog.wake(10)
    expect(backlog.waiting).toBe(1)
    expect(backlog.nextDue).toBe(20)
    expect(backlog.take()?.index).toBe(2)
    expect(backlog.take()?.index).toBe(4)
    if (third !== undefined) backlog.finish(third)
    backlog.wake(20)
    expect(backlog.nextDue).toBe(Infinity)
    expect(backlog.take()?.index).toBe(1)
  })

  it('full does not look further ahead while a host has room for what is queued', () => {
    const backlog = backlogOf('aaaa', { limit: 2, capacity: 8 })
    expect(backlog.full).toBe(true)
    expect(backlog.take()?.index).toBe(1)
    expect([backlog.full, backlog.queued]).toEqual([false, 3])
    while (!backlog.full) backlog.add(newJob(1, '', 'a'))
    expect(backlog.queued).toBe(8)
    backlog.add(newJob(2, '', 'b'))
    expect(backlog.full).toBe(true)
  })

  it('empty holds when nothing is queued, waiting or in work', () => {
    const backlog = backlogOf('a')
    expect(backlog.empty).toBe(false)
    const job = backlog.take()
    expect(backlog.empty).toBe(false)
    if (job !== undefined) backlog.finish(job)
    expect(backlog.empty).toBe(true)
  })

  it('Backlog finishes each URL once and never exceeds a limit, whatever happens', () => {
    const step = fc.constantFrom('add a', 'add b', 'add c', 'take', 'finish', 'postpone', 'wake')
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, perHost, limit) => {
          const backlog = new Backlog({ limit, perHost, capacity: 50 })
          const active: Job[] = []
          const finished = new Set<number>()
          let added = 0
          let now = 0
          const take = (): boolean => {
            const job = backlog.take()
            if (job !== undefined) active.push(job)
            expect(active.length).toBeLessThanOrEqual(limit)
            for (const { host } of active) {
              expect(active.filter((other) => other.host === host).length).toBeLessThanOrEqual(
                perHost,
              )
            }
            return job !== undefined
          }
          const finish = (): void => {
            const job = active.shift()
            if (job === undefined) return
            expect(finished.has(job.index)).toBe(false)
            finished.add(job.index)
            backlog.finish(job)
          }
          for (const name of steps) {
            now++
            if (name === 'take') take()
            else if (name === 'finish') finish()
            else if (name === 'wake') backlog.wake(now)
            else if (name === 'postpone') {
              const job = active.pop()
              if (job !== undefined) backlog.postpone(job, now + 5)
            } else if (!backlog.full) backlog.add(newJob(++added, '', name))
          }
          backlog.wake(Infinity)
          while (take() || active.length > 0) finish()
          expect(finished.size).toBe(added)
          expect(backlog.empty).toBe(true)
        },
      ),
    )
  })
})
