// Keys come from the network: those that were not asked for in the longest time are forgotten.
const mostKeys = 100_000

/** Remembers how often each key was asked for, to fail the first few times. */
export class FlakyKeys {
  readonly #failures: number
  readonly #seen = new Map<string, number>()

  constructor(failures: number) {
    this.#failures = failures
  }

  /** Whether this time fails. */
  fails(key: string): boolean {
    const before = this.#seen.get(key) ?? 0
    this.#seen.delete(key)
    this.#seen.set(key, before + 1)
    if (this.#seen.size > mostKeys) {
      const [oldest] = this.#seen.keys()
      if (oldest !== undefined) this.#seen.delete(oldest)
    }
    return before < this.#failures
  }
}
