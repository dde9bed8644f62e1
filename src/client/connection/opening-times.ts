import { clock } from '../../concurrency/time/current-clock.ts'
import type { ConnectPhase } from '../../io/errors.ts'

/** Where the time went in which a connection was opened, in milliseconds; 0 for what there was no need of. */
export class OpeningTimes {
  /** Looking up the name. */
  dns: number = 0
  /** TCP, or a Unix socket, to the first address that answered. */
  tcp: number = 0
  /** All of the way to a proxy, and the dialogue with it. */
  proxy: number = 0
  /** The handshake with the server. */
  tls: number = 0
  /** @internal Told of each, if somebody traces. */
  onPhase: ((phase: ConnectPhase, duration: number) => void) | undefined = undefined
  #last: number

  constructor(now: number) {
    this.#last = now
  }

  /** @internal The phase has ended now; it began when the one before ended. */
  over(phase: ConnectPhase): void {
    const now = clock().now()
    const duration = now - this.#last
    this[phase] += duration
    this.#last = now
    this.onPhase?.(phase, duration)
  }
}
