import { describe, expect, it } from 'vitest'
import type { ReportEntry } from '../../../../src/cli/fetch/output/report.ts'
import { Tally } from '../../../../src/cli/fetch/output/tally.ts'

const fetched: ReportEntry = {
  index: 1,
  url: 'http://a/',
  finalUrl: 'http://a/',
  status: 200,
  bytes: 10,
  ms: 5,
  attempts: 1,
  file: null,
  error: null,
}
const failed: ReportEntry = {
  ...fetched,
  finalUrl: null,
  status: null,
  bytes: 0,
  error: { code: 'ECONNREFUSED', message: 'Refused' },
}

describe('Tally', () => {
  it('add() counts by status and by error code', () => {
    const tally = new Tally({ failOnStatus: false })
    for (const status of [404, 200, 200, 503]) tally.add({ ...fetched, status, attempts: 2 })
    tally.add({ ...failed, error: { code: 'SPOOL_TIMEOUT', message: '' } })
    tally.add(failed)
    tally.add(failed)
    expect(tally.statuses).toEqual([
      [200, 2],
      [404, 1],
      [503, 1],
    ])
    expect(tally.errors).toEqual([
      ['ECONNREFUSED', 2],
      ['SPOOL_TIMEOUT', 1],
    ])
    expect([tally.done, tally.fetched, tally.failed, tally.retries, tally.bytes]).toEqual([
      7, 4, 3, 4, 40,
    ])
    expect(tally.latencies.count).toBe(4)
  })

  it('add() takes any status for fetched, and 400 and above for failed where that was asked for', () => {
    const lenient = new Tally({ failOnStatus: false })
    const strict = new Tally({ failOnStatus: true })
    for (const status of [200, 399, 400, 500]) {
      expect(lenient.add({ ...fetched, status })).toBe(false)
      expect(strict.add({ ...fetched, status })).toBe(status >= 400)
    }
    expect([lenient.failed, strict.failed, strict.fetched]).toEqual([0, 2, 2])
  })
})
