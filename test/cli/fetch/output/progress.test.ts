import { describe, expect, it } from 'vitest'
import {
  barLine,
  plainLine,
  Progress,
  type RunState,
} from '../../../../src/cli/fetch/output/progress.ts'
import { RecordedOutput } from '../../recorded-streams.ts'

const state: RunState = {
  done: 500,
  failed: 0,
  inFlight: 100,
  queued: 400,
  bytes: 65_000,
  total: 1000,
  estimated: false,
}
const rates = { urls: 250, bytes: 1_250_000 }

describe('plainLine()', () => {
  it('plainLine() shows counts, rates and the time that is left', () => {
    expect(plainLine(state, rates)).toBe(
      '500 of 1,000 done (50 %), 100 in flight, 400 queued, 0 failed, 250/s, 1.25 MB/s, ETA 2.0 s',
    )
  })

  it('plainLine() marks an estimate, and promises nothing of a list without an end', () => {
    expect(plainLine({ ...state, estimated: true }, rates)).toContain('500 of ~1,000 done')
    const endless = plainLine({ ...state, total: undefined }, rates)
    expect(endless).toBe('500 done, 100 in flight, 400 queued, 0 failed, 250/s, 1.25 MB/s')
  })

  it('plainLine() tells no time while nothing moves, or at the end', () => {
    expect(plainLine(state, { urls: 0, bytes: 0 })).not.toContain('ETA')
    expect(plainLine({ ...state, done: 1000 }, rates)).not.toContain('ETA')
  })
})

describe('barLine()', () => {
  it('barLine() fills with the share that is done', () => {
    const wide = { columns: 200, style: (_: string, text: string) => text }
    expect(barLine(state, rates, wide)).toMatch(/^\[#{10}-{10}\] 500 of 1,000 done/)
    expect(barLine({ ...state, total: undefined }, rates, wide)).toMatch(/^\[-{20}\] 500 done/)
    expect(barLine({ ...state, done: 0, total: 0 }, rates, wide)).toMatch(/^\[-{20}\] 0 of 0/)
  })

  it('barLine() never reaches the last column, whatever the width', () => {
    for (let columns = 24; columns < 150; columns++) {
      const output = { columns, style: (_: string, text: string) => text }
      expect(barLine({ ...state, failed: 3 }, rates, output).length).toBeLessThan(columns)
    }
  })

  it('barLine() colors failures when there are any', () => {
    const output = { columns: 200, style: (color: string, text: string) => `<${color}:${text}>` }
    expect(barLine({ ...state, failed: 3 }, rates, output)).toContain('<red:3 failed>')
    expect(barLine(state, rates, output)).toContain('  0 failed')
  })
})

describe('Progress', () => {
  it('Progress draws a bar on a terminal, notes above it, and takes it away', () => {
    const screen = new RecordedOutput(true)
    const progress = new Progress(screen, 'auto', 0)
    expect(progress.interval).toBe(100)
    progress.update(1000, state)
    progress.note('failed: http://a')
    progress.update(1100, { ...state, done: 510 })
    progress.clear()
    progress.clear()
    const [first, note, second, end] = screen.text.split('\r')
    expect(first).toBe('')
    expect(note).toMatch(/^\[#{10}-{10}\] 500 of 1,000 done/)
    expect(note?.endsWith('\u001B[K')).toBe(true)
    expect(second).toBe('\u001B[Kfailed: http://a\n')
    expect(end).toMatch(/^\[#{10}-{10}\] 510 of/)
  })

  it('Progress prints plain lines into a pipe', () => {
    const screen = new RecordedOutput(false)
    const progress = new Progress(screen, 'auto', 0)
    expect(progress.interval).toBe(2000)
    progress.update(2000, state)
    progress.note('failed: http://a')
    progress.clear()
    expect(screen.text).toBe(
      `${plainLine(state, { urls: 250, bytes: 32_500 })}\nfailed: http://a\n`,
    )
  })

  it('Progress is silent in mode none, and a bar where it is asked for', () => {
    const silent = new RecordedOutput(true)
    const none = new Progress(silent, 'none', 0)
    expect(none.interval).toBeUndefined()
    none.update(1000, state)
    none.note('failed')
    none.clear()
    expect(silent.text).toBe('')
    const piped = new RecordedOutput(false)
    new Progress(piped, 'bar', 0).update(1000, state)
    expect(piped.text).toContain('[##########')
  })
})
