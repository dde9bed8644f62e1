import { isError, messageOf } from '../util/error-text.ts'
import { SpoolError, type SpoolErrorOptions } from '../util/error.ts'

/** Who asked for a cancellation. */
export type CancelSource =
  | 'explicit' // cancel() was called
  | 'deadline' // a deadline passed
  | 'group' // a sibling failed, or the group was cancelled
  | 'signal' // a foreign AbortSignal was aborted
  | 'disconnect' // the peer left
  | 'shutdown' // the program, server or session is ending
  | 'ended' // left behind by a task or a group that is over

/** Thrown by every awaitable of Spool in a cancelled scope, again and again until the scope ends. */
export class CancelledError extends SpoolError {
  readonly source: CancelSource
  /** What was given to `cancel(reason)`. */
  readonly reason: unknown
  /** @internal How many waits began after it. */
  declare waits: number

  static {
    this.prototype.name = 'CancelledError'
  }

  constructor(source: CancelSource, reason?: unknown) {
    super('SPOOL_CANCELLED', describe(source, reason), isError(reason) ? { cause: reason } : {})
    this.source = source
    this.reason = reason
    // Not enumerable: no part of what is printed or compared.
    Object.defineProperty(this, 'waits', { value: 0, writable: true })
  }

  /** Whether `error` is a cancellation, whichever copy of Spool made it. */
  static override is(error: unknown): error is CancelledError {
    return SpoolError.hasCode(error, 'SPOOL_CANCELLED')
  }
}

function describe(source: CancelSource, reason: unknown): string {
  const why = isError(reason) ? messageOf(reason) : reason
  return typeof why === 'string' ? `Cancelled (${source}): ${why}` : `Cancelled (${source})`
}

/** What was being waited for when the time was up. `scope` is `timeout()` and deadlines. */
export type TimeoutPhase = 'scope' | 'total' | 'pool' | 'connect' | 'headers' | 'idle' | 'write'

/** The time allowed was not enough. */
export class TimeoutError extends SpoolError {
  readonly phase: TimeoutPhase
  /** How long was allowed, in milliseconds. */
  readonly timeout: number

  static {
    this.prototype.name = 'TimeoutError'
  }

  constructor(phase: TimeoutPhase, timeout: number, message?: string, options?: SpoolErrorOptions) {
    super('SPOOL_TIMEOUT', message ?? `Timed out after ${timeout} ms (${phase})`, options)
    this.phase = phase
    this.timeout = timeout
  }

  static override is(error: unknown): error is TimeoutError {
    return SpoolError.hasCode(error, 'SPOOL_TIMEOUT')
  }
}

/** You closed it. */
export class ClosedResourceError extends SpoolError {
  static {
    this.prototype.name = 'ClosedResourceError'
  }

  constructor(message: string, options?: SpoolErrorOptions) {
    super('SPOOL_CLOSED', message, options)
  }

  static override is(error: unknown): error is ClosedResourceError {
    return SpoolError.hasCode(error, 'SPOOL_CLOSED')
  }
}

/** The other end did, or it broke in between. */
export class BrokenResourceError extends SpoolError {
  static {
    this.prototype.name = 'BrokenResourceError'
  }

  constructor(message: string, options?: SpoolErrorOptions) {
    super('SPOOL_BROKEN', message, options)
  }

  static override is(error: unknown): error is BrokenResourceError {
    return SpoolError.hasCode(error, 'SPOOL_BROKEN')
  }
}

/** It is in use by another task, or all its places are taken. */
export class BusyResourceError extends SpoolError {
  static {
    this.prototype.name = 'BusyResourceError'
  }

  constructor(message: string, options?: SpoolErrorOptions) {
    super('SPOOL_BUSY', message, options)
  }

  static override is(error: unknown): error is BusyResourceError {
    return SpoolError.hasCode(error, 'SPOOL_BUSY')
  }
}

/** There is no open task group, and no `run()`, to own what was asked for. */
export class NoScopeError extends SpoolError {
  static {
    this.prototype.name = 'NoScopeError'
  }

  constructor(message: string) {
    super('SPOOL_NO_SCOPE', message)
  }

  static override is(error: unknown): error is NoScopeError {
    return SpoolError.hasCode(error, 'SPOOL_NO_SCOPE')
  }
}
