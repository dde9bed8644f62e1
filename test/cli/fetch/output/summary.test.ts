import { describe, expect, it } from 'vitest'
import { summaryOf } from '../../../../src/cli/fetch/output/summary.ts'
import { Tally } from '../../../../src/cli/fetch/output/tally.ts'

describe('summaryOf()', () => {
  it('summaryOf() shows counts, throughput, percentiles and where things are', () => {
    const tally = new Tally({ failOnStatus: false })
    const entry = {
      url: '',
      finalUrl: '',
      bytes: 1000,
      ms: 20,
      attempts: 1,
      file: null,
      error: null,
    }
    for (let index = 0; index < 1998; index++) tally.add({ ...entry, index, status: 200 })
    tally.add({ ...entry, index: 1999, status: 404, attempts: 3 })
    const error = { code: 'ECONNREFUSED', message: '' }
    tally.add({ ...entry, index: 2000, status: null, bytes: 0, error })
    const lines = summaryOf(tally, {
      elapsed: 4000,
      interrupted: false,
      out: '/tmp/bodies',
      report: '/tmp/report.jsonl',
    })
    expect(lines).toEqual([
      'done: 2,000 URLs in 4.0 s, 1,999 fetched, 1 failed, 2 retried attempts',
      '  status      200: 1,998   404: 1',
      '  errors      ECONNREFUSED: 1',
      '  throughput  500 URLs/s   500 kB/s   2.00 MB in all',
      '  latency     p50 20 ms   p95 20 ms   p99 20 ms   max 20 ms',
      '  bodies      /tmp/bodies',
      '  report      /tmp/report.jsonl',
    ])
  })

  it('summaryOf() of an empty list is one line', () => {
    const tally = new Tally({ failOnStatus: false })
    expect(summaryOf(tally, { elapsed: 0, interrupted: true })).toEqual([
      'interrupted after 0 URLs in 0.0 ms, 0 fetched, 0 failed',
    ])
  })
})
