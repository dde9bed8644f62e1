import { describe, expect, it } from 'vitest'
import { LatencyHistogram } from '../../../../src/cli/fetch/output/latency-histogram.ts'

describe('LatencyHistogram', () => {
  it('percentile() is within one percent of what was recorded', () => {
    const histogram = new LatencyHistogram()
    for (let value = 1; value <= 10_000; value++) histogram.record(value / 10)
    for (const percent of [1, 50, 95, 99]) {
      const exact = percent * 10
      expect(Math.abs(histogram.percentile(percent) - exact) / exact).toBeLessThan(0.01)
    }
    expect(histogram.percentile(100)).toBeCloseTo(1000, -1)
    expect(histogram.max).toBe(1000)
    expect(histogram.count).toBe(10_000)
  })

  it('percentile() of one value is that value at every percent', () => {
    const histogram = new LatencyHistogram()
    histogram.record(42)
    for (const percent of [0, 50, 100]) {
      expect(Math.abs(histogram.percentile(percent) - 42)).toBeLessThan(0.42)
    }
  })

  it('percentile() is 0 without values', () => {
    expect(new LatencyHistogram().percentile(50)).toBe(0)
  })

  it('record() keeps what is too short or too long for the buckets', () => {
    const histogram = new LatencyHistogram()
    histogram.record(0)
    histogram.record(1e12)
    expect(histogram.count).toBe(2)
    expect(histogram.percentile(50)).toBeLessThan(0.011)
    expect(histogram.percentile(100)).toBeGreaterThan(1e8)
  })
})
