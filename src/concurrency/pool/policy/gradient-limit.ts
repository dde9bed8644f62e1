/**
 * How many tasks should run at a time, found out from how long they take.
 *
 * This is the gradient controller of Envoy's adaptive concurrency filter (envoyproxy.io, "Adaptive
 * Concurrency"), which goes back to Netflix's concurrency-limits ("Performance Under Load", Netflix
 * Technology Blog, 2018). While whatever the tasks use has room, they take as long as they take alone.
 * Beyond that they queue there, and take longer in proportion. So with
 *
 *     gradient = latency alone × (1 + tolerance) / latency now
 *     limit    = limit × gradient + √(limit × gradient)
 *
 * the limit grows while the latency does not, and comes to rest a little above what is needed to keep
 * the other side busy: the root is the queue that is allowed for bursts. An overload that is reported
 * takes a tenth off, as Netflix's AIMD limit does.
 *
 * The latency alone is measured now and then by running a quarter of the tasks for a moment, and
 * whenever the limit has halved or doubled since, for then something has changed. Envoy does the same
 * with three at a time.
 *
 * Time is counted in tasks and not in seconds, so that it is as quick for tasks of a millisecond as it
 * is patient with tasks of a minute; and it asks neither the clock nor chance.
 */

/** The part by which the latency may exceed that alone before it counts as a queue. */
const tolerance = 0.1
/** Envoy's bounds of one step: the latencies of a single window may mislead. */
const leastGradient = 0.5
const mostGradient = 2
/** How far a step goes to where it wants: latencies answer a window late, and full steps overshoot. */
const smoothing = 0.3
/** What an overload leaves of the limit. */
const backoff = 0.9
/** A window is as many tasks as run at a time; a median of fewer than this tells too little. */
const leastSamples = 20
/** A median of more tells no more, and takes longer to come. */
const mostSamples = 250
/** Measuring costs about two windows' worth of idle slots, so this often it costs 2 %. */
const windowsBetweenProbes = 100
/** The part of the limit at which tasks count as alone. */
const probePart = 0.25

export interface GradientLimitOptions {
  readonly min: number
  readonly max: number
  readonly initial: number
}

export class GradientLimit {
  readonly #min: number
  readonly #max: number
  /** With its fraction, so that small steps add up. */
  #limit: number
  /** Counts the changes between measuring alone and under load: a task counts where it began. */
  #phase = 0
  // The first window measures alone: nothing else is known yet.
  #probing = true
  #windowsToProbe = windowsBetweenProbes
  #limitAtProbe: number
  #alone = Infinity
  #latencies: number[] = []
  /** How many tasks of this window have ended, well or not. */
  #ended = 0
  #mostRunning = 0
  #overloaded = false

  constructor(options: GradientLimitOptions) {
    this.#min = options.min
    this.#max = options.max
    this.#limit = options.initial
    this.#limitAtProbe = options.initial
  }

  /** How many tasks should run at a time now. */
  get limit(): number {
    const alone = this.#probing && this.#alone !== Infinity
    const limit = Math.floor(alone ? this.#limit * probePart : this.#limit)
    return Math.min(Math.max(limit, this.#min), this.#max)
  }

  /** To be kept with a task that begins now, for when it ends. */
  get phase(): number {
    return this.#phase
  }

  /**
   * A task has ended well.
   *
   * `latency`: how long it took. `running`: how many ran when it ended, it included.
   */
  succeeded(phase: number, latency: number, running: number): void {
    if (phase !== this.#phase) return
    this.#latencies.push(latency)
    this.#mostRunning = Math.max(this.#mostRunning, running)
    this.#count()
  }

  /** A task has failed in a way that tells of too much load. */
  failed(phase: number): void {
    this.overload()
    if (phase === this.#phase) this.#count()
  }

  /** There is another sign of overload. However many there are, they count once in a window. */
  overload(): void {
    if (this.#overloaded) return
    this.#overloaded = true
    this.#change(this.#limit * backoff)
  }

  #count(): void {
    this.#ended++
    if (this.#ended < Math.min(Math.max(this.#limit, leastSamples), mostSamples)) return
    this.#ended = 0
    const latency = this.#takeMedian()
    if (this.#probing) this.#endProbe(latency)
    else this.#endWindow(latency)
    this.#mostRunning = 0
    this.#overloaded = false
  }

  #endProbe(latency: number | undefined): void {
    if (latency === undefined && this.#alone === Infinity) return
    this.#alone = latency ?? this.#alone
    this.#probing = false
    this.#phase++
    this.#windowsToProbe = windowsBetweenProbes
    this.#limitAtProbe = this.#limit
  }

  #endWindow(latency: number | undefined): void {
    // With few tasks the latency says nothing about more of them.
    const busy = this.#mostRunning >= this.limit / 2
    if (latency !== undefined && busy && !this.#overloaded) this.#step(latency)
    const change = this.#limit / this.#limitAtProbe
    if (--this.#windowsToProbe === 0 || change < 0.5 || change > 2) {
      this.#probing = true
      this.#phase++
    }
  }

  #step(latency: number): void {
    // A latency of 0 is one that the clock can't tell: then nothing queues.
    const ratio = latency > 0 ? (this.#alone * (1 + tolerance)) / latency : mostGradient
    const target = this.#limit * Math.min(Math.max(ratio, leastGradient), mostGradient)
    this.#change(this.#limit + smoothing * (target + Math.sqrt(target) - this.#limit))
  }

  #change(limit: number): void {
    this.#limit = Math.min(Math.max(limit, this.#min), this.#max)
  }

  #takeMedian(): number | undefined {
    const latencies = this.#latencies.sort((a, b) => a - b)
    this.#latencies = []
    return latencies[latencies.length >> 1]
  }
}
