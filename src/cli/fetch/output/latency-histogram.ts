/**
 * Percentiles in bounded memory: counts in buckets whose bounds grow by one percent, so that what is
 * read back is within one percent of what was recorded, however many values there are.
 */
const growth = Math.log(1.01)
// From 10 µs to 10⁹ ms, eleven days; what lies outside goes into the first and the last bucket.
const least = 0.01
const buckets = Math.ceil(Math.log(1e9 / least) / growth) + 1

export class LatencyHistogram {
  readonly #counts = new Float64Array(buckets)
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  /** The longest, exactly. */
  get max(): number {
    return this.#max
  }

  record(duration: number): void {
    const bucket = duration <= least ? 0 : Math.ceil(Math.log(duration / least) / growth)
    const index = Math.min(bucket, buckets - 1)
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#count++
    this.#max = Math.max(this.#max, duration)
  }

  /** The value that `percent` of the recorded ones do not exceed; 0 if there are none. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#count))
    let seen = 0
    for (const [index, count] of this.#counts.entries()) {
      seen += count
      if (seen >= rank) return Math.min(least * Math.exp((index - 0.5) * growth), this.#max)
    }
    return 0
  }
}
