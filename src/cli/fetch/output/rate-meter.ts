// What counts as "now": long enough not to flicker, short enough to show a stall.
const span = 3000

/** How fast a count grows, smoothed over the last seconds. */
export class RateMeter {
  #time: number
  #count = 0
  #rate: number | undefined = undefined

  constructor(now: number) {
    this.#time = now
  }

  /** Per second; 0 until the first update. */
  get rate(): number {
    return this.#rate ?? 0
  }

  update(now: number, count: number): void {
    const elapsed = now - this.#time
    if (elapsed <= 0) return
    const current = ((count - this.#count) / elapsed) * 1000
    const weight = 1 - Math.exp(-elapsed / span)
    this.#rate = this.#rate === undefined ? current : this.#rate + (current - this.#rate) * weight
    this.#time = now
    this.#count = count
  }
}
