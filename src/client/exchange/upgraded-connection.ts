import type { CancelledError } from '../../concurrency/errors.ts'
import { type Scope, ScopeMember } from '../../concurrency/scope/scope.ts'
import type { Transport } from '../../io/transport.ts'

/**
 * A connection that speaks another protocol from now on, in the hands of who asked for that. The pool
 * counts it, and the session waits for it, until it is released; it belongs to the scope of the request.
 */
export class UpgradedConnection extends ScopeMember {
  /**
   * To be started with a sink of the new protocol. What the server sent behind its head comes first.
   * Its timeouts, limits and backpressure are the taker's from here on.
   */
  readonly transport: Transport
  readonly #onReleased: () => void
  #onClosing: (() => void) | undefined = undefined
  #released = false

  constructor(transport: Transport, scope: Scope, onReleased: () => void) {
    super()
    this.transport = transport
    this.#onReleased = onReleased
    if (scope.error === undefined) scope.addMember(this)
    else this.abort(scope.error)
  }

  /**
   * Calls back, in no scope, when the session begins to close: the taker then comes to its end in order.
   * Without this the connection is closed at once.
   */
  onClosing(callback: () => void): void {
    this.#onClosing = callback
  }

  /** To be called once the taker is done with it, whatever ended it: gives its place back, and destroys it. */
  release(): void {
    if (this.#released) return
    this.#released = true
    this.memberOf?.removeMember(this)
    this.transport.destroy()
    this.#onReleased()
  }

  /** @internal Closes it at once; its sink is told the error. */
  abort(error: unknown): void {
    this.transport.destroy(error instanceof Error ? error : undefined)
    this.release()
  }

  /** @internal */
  endSoon(): void {
    const callback = this.#onClosing
    if (callback === undefined) this.release()
    else callback()
    this.#onClosing = () => undefined
  }

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    this.abort(error)
  }
}
