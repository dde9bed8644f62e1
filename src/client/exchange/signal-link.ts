import { CancelledError } from '../../concurrency/errors.ts'
import { shown } from '../../util/option-kinds.ts'

/** What stops when a foreign signal is aborted. Its link is cut when it is over: signals live long. */
export class SignalLink {
  readonly signal: AbortSignal
  readonly #target: { abort(error: unknown): void }

  /** `signal` must not be aborted yet. */
  constructor(signal: AbortSignal, target: { abort(error: unknown): void }) {
    this.signal = signal
    this.#target = target
    signal.addEventListener('abort', this.#onAbort)
  }

  cut(): void {
    this.signal.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    this.cut()
    this.#target.abort(signalError(this.signal))
  }
}

/** Throws TypeError for what is no signal. */
export function checkSignal(signal: AbortSignal): void {
  // Whatever make it is of.
  const given: unknown = signal
  const isSignal = typeof given === 'object' && given !== null && 'aborted' in given
  if (isSignal && typeof signal.addEventListener === 'function') return
  throw new TypeError(`Cannot use ${shown(given)} as "signal": expected an AbortSignal`)
}

export function signalError(signal: AbortSignal): CancelledError {
  return new CancelledError('signal', signal.reason)
}
