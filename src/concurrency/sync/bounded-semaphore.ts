import { Semaphore } from './semaphore.ts'

/** A semaphore that never has more permits than it began with: it finds a `release()` too many. */
export class BoundedSemaphore extends Semaphore {
  /** How many permits there are, held and free. */
  readonly permits: number

  constructor(permits: number) {
    super(permits)
    this.permits = permits
  }

  /**
   * Gives back a permit that was taken without keeping its `Permit`.
   *
   * @throws {RangeError} if no permit is held.
   */
  override release(): void {
    if (this.statistics().free >= this.permits) {
      throw new RangeError(`Cannot release a permit: all ${this.permits} are free`)
    }
    super.release()
  }
}
