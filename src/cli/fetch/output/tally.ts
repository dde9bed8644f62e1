import { LatencyHistogram } from './latency-histogram.ts'
import type { ReportEntry } from './report.ts'

/** What a run has to show so far: counts and no lists, so that it stays small however long the run is. */
export class Tally {
  /** Whether a status of 400 and above counts as failed. */
  readonly #failOnStatus: boolean
  readonly #statuses = new Map<number, number>()
  readonly #errors = new Map<string, number>()
  readonly latencies: LatencyHistogram = new LatencyHistogram()
  #fetched = 0
  #failed = 0
  #retries = 0
  #bytes = 0

  constructor(options: { failOnStatus: boolean }) {
    this.#failOnStatus = options.failOnStatus
  }

  /** URLs that are finished, fetched or not. */
  get done(): number {
    return this.#fetched + this.#failed
  }

  get fetched(): number {
    return this.#fetched
  }

  get failed(): number {
    return this.#failed
  }

  /** Attempts beyond the first of each URL. */
  get retries(): number {
    return this.#retries
  }

  get bytes(): number {
    return this.#bytes
  }

  /** How many got each status, in the order of the statuses. */
  get statuses(): [number, number][] {
    return Array.from(this.#statuses).sort(([a], [b]) => a - b)
  }

  /** How many failed with each code, the most frequent first. */
  get errors(): [string, number][] {
    return Array.from(this.#errors).sort(([, a], [, b]) => b - a)
  }

  /** Counts a finished URL; true if it counts as failed. */
  add(entry: ReportEntry): boolean {
    const { status, error } = entry
    const failed = error !== null || (this.#failOnStatus && status !== null && status >= 400)
    if (failed) this.#failed++
    else this.#fetched++
    if (error !== null) increment(this.#errors, error.code)
    else if (status !== null) {
      increment(this.#statuses, status)
      this.latencies.record(entry.ms)
    }
    this.#retries += Math.max(0, entry.attempts - 1)
    this.#bytes += entry.bytes
    return failed
  }
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
