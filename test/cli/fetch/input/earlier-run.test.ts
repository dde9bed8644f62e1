import { describe, expect, it } from 'vitest'
import { EarlierRun } from '../../../../src/cli/fetch/input/earlier-run.ts'
import type { ReportEntry } from '../../../../src/cli/fetch/output/report.ts'
import { TemporaryFolder } from '../../../support/processes.ts'

function line(index: number, url: string, status: number | null = 200): string {
  const entry: ReportEntry = {
    index,
    url,
    finalUrl: status === null ? null : url,
    status,
    bytes: 10,
    ms: 1,
    attempts: 1,
    file: null,
    error: status === null ? { code: 'ECONNRESET', message: 'reset' } : null,
  }
  return `${JSON.stringify(entry)}\n`
}

describe('EarlierRun', () => {
  it('read() knows what is finished, and what failed of it', async () => {
    using folder = new TemporaryFolder()
    const text = line(3, 'http://a/3') + line(1, 'http://a/1', null) + line(5_000, 'é', 404)
    const path = folder.write('report.jsonl', text)
    const run = await EarlierRun.read(path, { failOnStatus: true })
    expect([run.has(1, 'http://a/1'), run.has(3, 'http://a/3'), run.has(5_000, 'é')]).toEqual([
      true,
      true,
      true,
    ])
    expect([run.has(2, 'x'), run.has(4_999, 'x'), run.has(99_999, 'x')]).toEqual([
      false,
      false,
      false,
    ])
    expect([run.tally.done, run.tally.failed, run.size]).toEqual([3, 2, Buffer.byteLength(text)])
    expect(() => run.has(3, 'http://a/4')).toThrow(
      `Cannot resume from --report "${path}": the report has another URL as its number 3 than the list`,
    )
  })

  it('read() leaves out what was written of a line in part, wherever it was torn', async () => {
    using folder = new TemporaryFolder()
    const whole = line(1, 'http://a/1')
    const next = line(2, 'http://a/ü')
    for (let length = 0; length < Buffer.byteLength(next); length++) {
      const torn = Buffer.from(whole + next).subarray(0, Buffer.byteLength(whole) + length)
      const path = folder.write('report.jsonl', '')
      folder.write('report.jsonl', torn.toString('latin1'))
      const run = await EarlierRun.read(path, { failOnStatus: false })
      expect([run.has(1, 'http://a/1'), run.has(2, 'http://a/ü')]).toEqual([true, false])
      expect([run.size, run.tally.done]).toEqual([whole.length, 1])
    }
  })

  it('read() of no report, and of an empty one, has nothing', async () => {
    using folder = new TemporaryFolder()
    for (const path of [`${folder.path}/none`, folder.write('empty', '')]) {
      const run = await EarlierRun.read(path, { failOnStatus: false })
      expect([run.size, run.tally.done, run.has(1, 'a')]).toEqual([0, 0, false])
    }
  })

  it.each([
    'urls\n',
    '{}\n',
    'null\n',
    '{"index":0,"url":"a","error":null,"attempts":1,"bytes":1}\n',
    '{"index":1e9,"url":"a","error":null,"attempts":1,"bytes":1}\n',
  ])('read() refuses %j, which is no report', async (text) => {
    using folder = new TemporaryFolder()
    const path = folder.write('report.jsonl', line(1, 'a') + text + line(2, 'b'))
    await expect(EarlierRun.read(path, { failOnStatus: false })).rejects.toThrow(
      `Cannot resume from --report "${path}": ${JSON.stringify(text.trim())} is no line of a report`,
    )
    await expect(EarlierRun.read(folder.path, { failOnStatus: false })).rejects.toThrow('EISDIR')
  })
})
