import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type LineSink,
  Report,
  type ReportEntry,
  ReportFile,
} from '../../../../src/cli/fetch/output/report.ts'
import { settle } from '../../../../src/testing/index.ts'

function entry(index: number): ReportEntry {
  return {
    index,
    url: `http://a/${index}`,
    finalUrl: `http://a/${index}`,
    status: 200,
    bytes: 13,
    ms: 1.5,
    attempts: 1,
    file: null,
    error: null,
  }
}

/** A sink whose writes end when the test says so. */
class SlowSink implements LineSink {
  readonly writes: string[] = []
  closed = false
  #settle: ((error?: Error) => void)[] = []

  write(lines: string): Promise<void> {
    this.writes.push(lines)
    return new Promise((resolve, reject) => {
      this.#settle.push((error) => (error === undefined ? resolve() : reject(error)))
    })
  }

  async close(): Promise<void> {
    this.closed = true
  }

  async end(error?: Error): Promise<void> {
    this.#settle.shift()?.(error)
    await settle()
  }
}

describe('Report', () => {
  it('append() writes compact JSON with the fields in their order', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spool-report-'))
    const path = join(folder, 'report.jsonl')
    const report = new Report(await ReportFile.create(path))
    await report.append(entry(2))
    await report.append({
      ...entry(1),
      finalUrl: null,
      status: null,
      error: { code: 'ENOTFOUND', message: 'x\ny' },
    })
    await report.close()
    expect(await readFile(path, 'utf8')).toBe(
      '{"index":2,"url":"http://a/2","finalUrl":"http://a/2","status":200,"bytes":13,"ms":1.5,"attempts":1,"file":null,"error":null}\n' +
        '{"index":1,"url":"http://a/1","finalUrl":null,"status":null,"bytes":13,"ms":1.5,"attempts":1,"file":null,"error":{"code":"ENOTFOUND","message":"x\\ny"}}\n',
    )
    await rm(folder, { recursive: true })
  })

  it('append() writes lines that came during a write together with the next', async () => {
    const sink = new SlowSink()
    const report = new Report(sink)
    for (let index = 1; index <= 4; index++) await report.append(entry(index))
    await sink.end()
    expect(sink.writes.map((lines) => lines.split('\n').length - 1)).toEqual([1, 3])
    expect(sink.writes.every((lines) => lines.endsWith('}\n'))).toBe(true)
    const closed = report.close()
    await sink.end()
    await closed
    expect(sink.closed).toBe(true)
  })

  it('append() waits when the disk is slower than the lines', async () => {
    const sink = new SlowSink()
    const report = new Report(sink)
    let waiting = 0
    for (let index = 1; index <= 1000; index++) {
      waiting++
      void report.append(entry(index)).then(() => waiting--)
    }
    await settle()
    expect(waiting).toBeGreaterThan(0)
    await sink.end()
    await sink.end()
    expect(waiting).toBe(0)
  })

  it('append() throws once a line could not be written, and close() too', async () => {
    const sink = new SlowSink()
    const report = new Report(sink)
    await report.append(entry(1))
    await sink.end(new Error('No space left'))
    await expect(report.append(entry(2))).rejects.toThrow('No space left')
    await expect(report.close()).rejects.toThrow('No space left')
    expect(sink.closed).toBe(true)
  })
})

describe.skipIf(!existsSync('/dev/full'))('ReportFile on a full disk', () => {
  it('ReportFile says which option is to blame', async () => {
    const file = await ReportFile.create('/dev/full')
    const report = new Report(file)
    await report.append(entry(1))
    await expect(report.close()).rejects.toThrow(/^Cannot write --report "\/dev\/full": ENOSPC/)
  })
})
