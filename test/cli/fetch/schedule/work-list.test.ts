import { describe, expect, it } from 'vitest'
import { type Job, newJob } from '../../../../src/cli/fetch/schedule/job.ts'
import { WorkList } from '../../../../src/cli/fetch/schedule/work-list.ts'
import { CancelledError, moveOnAfter } from '../../../../src/index.ts'
import { MockClock, settle } from '../../../../src/testing/index.ts'

const job = (index: number, host = 'a'): Job => newJob(index, `http://${host}/`, host)

/** Takes what there is, in the background. */
function takeAll(work: WorkList, taken: Job[]): Promise<void> {
  return (async () => {
    for await (const job of work) taken.push(job)
  })()
}

describe('WorkList', () => {
  it('WorkList ends when the list has ended and everything is finished', async () => {
    const work = new WorkList({ perHost: 2, capacity: 10 })
    const taken: Job[] = []
    let over = false
    const all = takeAll(work, taken).then(() => (over = true))
    await settle()
    await work.put(job(1))
    await work.put(job(2))
    await work.put(job(3))
    work.end()
    await settle()
    expect(taken.map(({ index }) => index)).toEqual([1, 2])
    expect([work.active, work.queued]).toEqual([2, 1])
    for (const one of taken) work.finish(one)
    await settle()
    expect(taken).toHaveLength(3)
    expect(over).toBe(false)
    for (const one of taken.slice(2)) work.finish(one)
    await all
    expect([work.active, work.queued]).toEqual([0, 0])
  })

  it('put() waits for room, and goes on when something is taken', async () => {
    const work = new WorkList({ perHost: 1, capacity: 2 })
    await work.put(job(1))
    await work.put(job(2))
    let added = false
    const third = work.put(job(3)).then(() => (added = true))
    await settle()
    expect(added).toBe(false)
    await work[Symbol.asyncIterator]().next()
    await third
    expect(work.queued).toBe(2)
  })

  it('postpone() gives a URL back when its time has come, and others meanwhile', async () => {
    using clock = MockClock.install()
    const work = new WorkList({ perHost: 1, capacity: 10 })
    const taken: Job[] = []
    const all = takeAll(work, taken)
    await work.put(job(1))
    work.end()
    await settle()
    expect(taken).toHaveLength(1)
    for (const one of taken) work.postpone(one, 250)
    await work.put(job(2, 'b'))
    await settle()
    expect(taken.map(({ index }) => index)).toEqual([1, 2])
    work.finish(taken[1] as Job)
    await clock.advance(249)
    expect(taken).toHaveLength(2)
    expect([work.active, work.queued]).toEqual([0, 1])
    await clock.advance(1)
    expect(taken.map(({ index }) => index)).toEqual([1, 2, 1])
    work.finish(taken[2] as Job)
    await all
    expect(clock.pending).toBe(0)
  })

  it('WorkList takes nothing when it is cancelled while it waits', async () => {
    const work = new WorkList({ perHost: 1, capacity: 1 })
    await expect(
      moveOnAfter(0, async () => {
        await work[Symbol.asyncIterator]().next()
      }),
    ).resolves.toEqual({ timedOut: true })
    await work.put(job(1))
    const put = moveOnAfter(Infinity, async ({ cancel }) => {
      cancel()
      await work.put(job(2))
    })
    await expect(put).rejects.toThrow(CancelledError)
    expect([work.active, work.queued]).toEqual([0, 1])
  })
})
