import { describe, expect, it } from 'vitest'
import { RateMeter } from '../../../../src/cli/fetch/output/rate-meter.ts'

describe('RateMeter', () => {
  it('rate is exact for a steady flow', () => {
    const meter = new RateMeter(1000)
    expect(meter.rate).toBe(0)
    for (let tick = 1; tick <= 50; tick++) meter.update(1000 + tick * 100, tick * 20)
    expect(meter.rate).toBeCloseTo(200)
  })

  it('rate follows a stall within seconds and ignores an update at the same time', () => {
    const meter = new RateMeter(0)
    meter.update(1000, 1000)
    meter.update(1000, 5000)
    expect(meter.rate).toBe(1000)
    meter.update(4000, 1000)
    expect(meter.rate).toBeLessThan(400)
    meter.update(13_000, 1000)
    expect(meter.rate).toBeLessThan(25)
  })
})
