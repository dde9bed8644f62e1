import { SpoolError } from '../../util/error.ts'

/** What a permit is given back to. */
export interface PermitIssuer {
  /** @internal Called once, when the permit is released; what it throws, `release()` throws. */
  takeBack(permit: Permit): void
}

/**
 * The right to go on that a lock, a semaphore or a limiter gave. `using permit = await …` gives it
 * back when the block is left, in whichever way.
 */
export class Permit implements Disposable {
  #issuer: PermitIssuer | undefined

  /** @internal */
  constructor(issuer: PermitIssuer) {
    this.#issuer = issuer
  }

  /** Whether it is still held. */
  get held(): boolean {
    return this.#issuer !== undefined
  }

  /**
   * Gives it back, to whoever has waited longest.
   *
   * @throws {SpoolError} `SPOOL_NOT_HELD` if it was given back before.
   */
  release(): void {
    const issuer = this.#issuer
    if (issuer === undefined) {
      throw new SpoolError('SPOOL_NOT_HELD', 'Cannot release a permit twice: it was given back')
    }
    // In this order: a permit that is refused is still held.
    issuer.takeBack(this)
    this.#issuer = undefined
  }

  /** Gives it back unless that was done, so a block may release early. */
  [Symbol.dispose](): void {
    if (this.#issuer !== undefined) this.release()
  }
}
