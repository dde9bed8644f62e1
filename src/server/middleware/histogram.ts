/** Counts values by ranges, as Prometheus reads them. */
export class Histogram {
  readonly #ends: readonly number[]
  readonly #counts: Float64Array
  #sum = 0
  #count = 0

  /** `ends`: the upper ends of the ranges, ascending; what is above all of them counts too. */
  constructor(ends: readonly number[]) {
    this.#ends = ends
    this.#counts = new Float64Array(ends.length)
  }

  add(value: number): void {
    this.#sum += value
    this.#count++
    for (let index = 0; index < this.#ends.length; index++) {
      if (value > (this.#ends[index] as number)) continue
      this.#counts[index] = (this.#counts[index] as number) + 1
      return
    }
  }

  /** Behind the name of the metric: each range with all that is below its end. */
  lines(labels: string): string[] {
    let below = 0
    const lines = this.#ends.map((end, index) => {
      below += this.#counts[index] as number
      return `_bucket{${labels},le="${end}"} ${below}`
    })
    lines.push(
      `_bucket{${labels},le="+Inf"} ${this.#count}`,
      `_sum{${labels}} ${this.#sum}`,
      `_count{${labels}} ${this.#count}`,
    )
    return lines
  }
}
