import { quantile } from '../harness/statistics.ts'

// A message begins with its number, in as many digits.
const digits = 10

/** In milliseconds. */
export interface ChatTimes {
  median: number
  p99: number
}

/** How long messages take from who sends them to those receivers that are looked at. */
export class Latencies {
  readonly #begun: number[] = []
  readonly #times: number[] = []

  /** A message is sent: what it has to begin with. */
  begin(): string {
    return String(this.#begun.push(performance.now()) - 1).padStart(digits, '0')
  }

  /** A message has come. */
  came(number: number): void {
    this.#times.push(performance.now() - (this.#begun[number] as number))
  }

  summary(): ChatTimes {
    const times = Float64Array.from(this.#times).toSorted()
    return { median: quantile(times, 0.5), p99: quantile(times, 0.99) }
  }
}

/** Finds the messages in what one receiver is sent: frames of equal length, in whatever pieces. */
export class FrameScan {
  readonly #latencies: Latencies
  readonly #head: number
  readonly #length: number
  #rest: Buffer = Buffer.alloc(0)

  /** `length`: of a frame, of which the head has as much as `head`. */
  constructor(latencies: Latencies, head: number, length: number) {
    this.#latencies = latencies
    this.#head = head
    this.#length = length
  }

  read(chunk: Uint8Array): void {
    let bytes = Buffer.concat([this.#rest, chunk])
    for (; bytes.length >= this.#length; bytes = bytes.subarray(this.#length)) {
      this.#latencies.came(Number(bytes.toString('latin1', this.#head, this.#head + digits)))
    }
    this.#rest = Buffer.from(bytes)
  }
}
