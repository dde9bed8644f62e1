import { describe, expect, it } from 'vitest'
import { type Job, newJob } from '../../../../src/cli/fetch/schedule/job.ts'
import { WorkList } from '../../../../src/cli/fetch/schedule/work-list.ts'
import { moveOnAfter, taskGroup } from '../../../../src/index.ts'
import { MockClock, settle } from '../../../../src/testing/index.ts'

const job = (index: number, host = 'a'): Job => newJob(index, `http://${host}/`, host)

/** Takes what there is, in the background. */
function takeAll(work: WorkList, taken: Job[]): Promise<void> {
  return (async () => {
    for await (const job of work) taken.push(job)
  })()
}

describe('WorkList', () => {
  it('WorkList ends for all workers when the list has ended and everything is finished', async () => {
    const work = new WorkList({ limit: 3, perHost: 2, capacity: 10 })
    const taken: Job[] = []
    let over = 0
    const workers = [1, 2, 3].map(() => takeAll(work, taken).then(() => over++))
    await settle()
    work.add(job(1))
    work.add(job(2))
    work.add(job(3))
    work.end()
    await settle()
    expect(taken.map(({ index }) => index)).toEqual([1, 2])
    expect([work.active, work.queued]).toEqual([2, 1])
    for (const one of taken.slice()) work.finish(one)
    await settle()
    expect(taken).toHaveLength(3)
    expect(over).toBe(0)
    for (const one of taken.slice(2)) work.finish(one)
    await Promise.all(workers)
    expect([work.active, work.queued]).toEqual([0, 0])
  })

  it('WorkList ends at once for an empty list', async () => {
    const work = new WorkList({ limit: 1, perHost: 1, capacity: 10 })
    const worker = takeAll(work, [])
    work.end()
    await expect(worker).resolves.toBeUndefined()
  })

  it('ready() waits for room, and goes on when something is taken', async () => {
    const work = new WorkList({ limit: 1, perHost: 1, capacity: 2 })
    for (let index = 1; index <= 3; index++) {
      await work.ready()
      work.add(job(index))
    }
    expect([work.active, work.queued, work.full]).toEqual([1, 2, true])
    let room = false
    const ready = work.ready().then(() => (room = true))
    await settle()
    expect(room).toBe(false)
    work.finish(job(1))
    await ready
    expect([work.active, work.queued, work.full]).toEqual([1, 1, false])
  })

  it('postpone() gives a URL back when its time has come, and others meanwhile', async () => {
    using clock = MockClock.install()
    const work = new WorkList({ limit: 2, perHost: 1, capacity: 10 })
    const taken: Job[] = []
    const indexes = (): number[] => taken.map(({ index }) => index)
    await taskGroup(async (group) => {
      const retries = group.spawn(() => work.watchRetries())
      const worker = group.spawn(() => takeAll(work, taken))
      work.add(job(1))
      work.add(job(2))
      await settle()
      work.postpone(taken[0] as Job, 1000)
      await settle()
      work.postpone(taken[1] as Job, 250)
      work.add(job(3, 'b'))
      work.end()
      await settle()
      expect(indexes()).toEqual([1, 2, 3])
      work.finish(taken[2] as Job)
      await clock.advance(249)
      expect(indexes()).toEqual([1, 2, 3])
      expect([work.active, work.queued]).toEqual([0, 2])
      await clock.advance(1)
      expect(indexes()).toEqual([1, 2, 3, 2])
      work.finish(taken[3] as Job)
      await clock.advance(749)
      expect(indexes()).toEqual([1, 2, 3, 2])
      await clock.advance(1)
      expect(indexes()).toEqual([1, 2, 3, 2, 1])
      work.finish(taken[4] as Job)
      await worker
      retries.cancel()
    })
    expect(clock.pending).toBe(0)
  })

  it('WorkList takes nothing when it is cancelled while it waits', async () => {
    const work = new WorkList({ limit: 1, perHost: 1, capacity: 1 })
    await expect(moveOnAfter(0, () => takeAll(work, []))).resolves.toEqual({ timedOut: true })
    work.add(job(1))
    expect([work.active, work.queued]).toEqual([1, 0])
    const taken: Job[] = []
    void takeAll(work, taken)
    await settle()
    expect(taken.map(({ index }) => index)).toEqual([1])
  })
})
