const brand = Symbol.for('spool.error')

/** What every error of Spool can be given besides its message. */
export interface SpoolErrorOptions {
  /** What went wrong below; kept as `error.cause`. */
  cause?: unknown
}

/**
 * The base of every error that Spool throws.
 *
 * `code` is the contract and never changes; the message is prose and may. `SpoolError.is()` works
 * across copies of the package, where `instanceof` does not.
 */
export class SpoolError extends Error {
  /** Stable, for programs: `SPOOL_TIMEOUT`, `SPOOL_CANCELLED`, … */
  readonly code: string

  static {
    this.mark(this.prototype)
    this.prototype.name = 'SpoolError'
  }

  constructor(code: string, message: string, options?: SpoolErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** @internal For an error that must extend another class of the language. */
  static mark(prototype: object): void {
    Object.defineProperty(prototype, brand, { value: true })
  }

  /** Whether `error` is Spool's, whichever copy of Spool made it. */
  static is(error: unknown): error is SpoolError {
    try {
      return typeof error === 'object' && error !== null && brand in error
    } catch {
      // A proxy that refuses to say.
      return false
    }
  }

  /** Whether `error` is Spool's and has this code. */
  static hasCode(error: unknown, code: string): error is SpoolError {
    return SpoolError.is(error) && error.code === code
  }
}
