import { CancelledError } from '../../concurrency/errors.ts'

/** What stops when a foreign signal is aborted. Its link is cut when it is over: signals live long. */
export class SignalLink {
  readonly #signal: AbortSignal
  readonly #target: { abort(error: unknown): void }

  /** `signal` must not be aborted yet. */
  constructor(signal: AbortSignal, target: { abort(error: unknown): void }) {
    this.#signal = signal
    this.#target = target
    signal.addEventListener('abort', this.#onAbort)
  }

  cut(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    this.cut()
    this.#target.abort(signalError(this.#signal))
  }
}

export function signalError(signal: AbortSignal): CancelledError {
  return new CancelledError('signal', signal.reason)
}
