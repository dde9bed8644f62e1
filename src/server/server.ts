/** A server that listens, and how it comes to its end. */
import type { CancelledError } from '../concurrency/errors.ts'
import { outsideScopes } from '../concurrency/scope/context.ts'
import { currentScope, ScopeMember, type Scope } from '../concurrency/scope/scope.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import type { ClockTimer } from '../concurrency/time/clock.ts'
import { clock } from '../concurrency/time/current-clock.ts'
import type { Listener } from '../io/listener.ts'
import type { ApplicationRun } from './application-run.ts'
import type { ConnectionHost, ConnectionStatistics } from './connection/connection-host.ts'
import { settledWithin } from './time-limit.ts'

export interface CloseOptions {
  /**
   * Until when requests that run may finish, on the clock of `now()`; then they are cancelled. By
   * default they have the time-out `shutdown` of the server: 30 s.
   */
  deadline?: number
}

export interface ServerStatistics extends ConnectionStatistics {
  /** Connections accepted since the start. */
  readonly accepted: number
  /** Connections that were closed at once since the start, because there were too many. */
  readonly refused: number
}

/** What a server is made of. @internal */
export interface ServerParts {
  readonly host: ConnectionHost
  readonly listener: Listener
  readonly application: ApplicationRun
  readonly scope: Scope
}

/** Made by `serve()`. To be closed, best by `await using`. */
export class Server implements AsyncDisposable {
  readonly #host: ConnectionHost
  readonly #listener: Listener
  readonly #application: ApplicationRun
  readonly #around: ServerScope
  readonly #waiting = new Set<Waiter<void>>()
  #closing: Promise<void> | undefined = undefined
  #over = false
  #deadline = Infinity
  #timer: ClockTimer | undefined = undefined
  // Ends the time that running requests have.
  #hurry: () => void = () => undefined
  #hurried = false

  /** @internal */
  constructor({ host, listener, application, scope }: ServerParts) {
    this.#host = host
    this.#listener = listener
    this.#application = application
    this.#around = new ServerScope((error) => this.#scopeCancelled(error))
    this.#around.enter(scope)
  }

  /** The port that is listened on; 0 for a Unix socket. */
  get port(): number {
    return this.#listener.port ?? 0
  }

  /** `http://127.0.0.1:8080`, without a path; of a Unix socket `unix:` and its path. */
  get url(): string {
    const { port, address } = this.#listener
    if (port === undefined) return `unix:${address}`
    const host = address.slice(0, address.lastIndexOf(':'))
    const reachable = host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host
    return `${this.#host.secure ? 'https' : 'http'}://${reachable}:${port}`
  }

  /**
   * Resolves when the server is closed, whoever closes it.
   *
   * Cancellation: only stops waiting.
   */
  get closed(): Promise<void> {
    if (this.#over) return Promise.resolve()
    const waiter: Waiter<void> = new Waiter<void>(() => this.#waiting.delete(waiter))
    if (!waiter.settled) this.#waiting.add(waiter)
    return waiter.promise
  }

  /**
   * Stops to accept, ends idle connections, lets running requests and the tasks of the application
   * finish until the deadline, cancels the rest, and cleans up the lifespans. Calling it again joins
   * in; an earlier deadline then counts.
   *
   * Cancellation: is never thrown. In a scope that is cancelled, or as soon as it is, nothing is
   * waited for: requests are cancelled and connections dropped. Only the end of the whole program
   * (`run()` was told by a signal) leaves requests their time.
   *
   * Throws what a lifespan threw while it cleaned up.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const scope = currentScope()
    const hook = new ServerScope((error) => this.#scopeCancelled(error))
    const closing = this.#start(options.deadline)
    hook.enter(scope)
    try {
      await closing
    } finally {
      hook.leave()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  statistics(): ServerStatistics {
    const { accepted, refused } = this.#listener.statistics()
    return { ...this.#host.statistics(), accepted, refused }
  }

  #scopeCancelled(error: CancelledError): void {
    if (this.#closing === undefined) void this.#closeByItself()
    if (error.source !== 'shutdown') this.#hurryUp()
  }

  async #closeByItself(): Promise<void> {
    try {
      await this.#start(undefined)
    } catch (error) {
      this.#host.report(error, undefined)
    }
  }

  #start(deadline: number | undefined): Promise<void> {
    const { shutdown } = this.#host.timeouts
    const until = deadline ?? clock().now() + shutdown
    if (until < this.#deadline) {
      this.#deadline = until
      this.#arm()
    }
    return (this.#closing ??= outsideScopes(() => this.#close()))
  }

  #arm(): void {
    this.#timer?.cancel()
    const left = this.#deadline - clock().now()
    if (left <= 0) this.#hurryUp()
    else this.#timer = clock().setTimer(left, () => this.#hurryUp(), { background: true })
  }

  #hurryUp(): void {
    this.#hurried = true
    this.#hurry()
  }

  async #close(): Promise<void> {
    this.#around.leave()
    try {
      await this.#listener.close()
      const idle = new Promise<void>((resolve) => this.#host.whenIdle(resolve))
      this.#host.startClosing()
      const hurried = new Promise<void>((resolve) => {
        this.#hurry = resolve
        if (this.#hurried) resolve()
      })
      await Promise.race([idle.then(() => this.#application.whenIdle()), hurried])
      const { cancellation } = this.#host.timeouts
      this.#host.destroy('the server is closed')
      if (this.#hurried) this.#application.cancel('the server is closed')
      if (!(await settledWithin(idle, cancellation))) this.#nameTheRest()
      await this.#cleanUp(cancellation)
    } finally {
      this.#timer?.cancel()
      this.#host.end()
      this.#over = true
      for (const waiter of this.#waiting) waiter.resolve()
      this.#waiting.clear()
    }
  }

  async #cleanUp(grace: number): Promise<void> {
    const cleaning = this.#application.cleanUp()
    if (await settledWithin(cleaning, this.#hurried ? grace : this.#deadline - clock().now())) {
      await cleaning
      return
    }
    this.#application.cancel('the server is closed')
    if (await settledWithin(cleaning, grace)) await cleaning
    else {
      // Whatever it still throws is not lost.
      cleaning.catch((error: unknown) => this.#host.report(error, undefined))
      this.#host.report(
        new Error(`A lifespan does not end ${grace} ms after it was cancelled`),
        undefined,
      )
    }
  }

  #nameTheRest(): void {
    const { active, timeouts } = this.#host
    this.#host.report(
      new Error(
        `${active} requests do not end ${timeouts.cancellation} ms after they were cancelled`,
      ),
      undefined,
    )
  }
}

/** Hears of the cancellation of a scope. */
class ServerScope extends ScopeMember {
  readonly #onCancelled: (error: CancelledError) => void

  constructor(onCancelled: (error: CancelledError) => void) {
    super()
    this.#onCancelled = onCancelled
  }

  enter(scope: Scope): void {
    if (scope.error === undefined) scope.addMember(this)
    else this.#onCancelled(scope.error)
  }

  leave(): void {
    this.memberOf?.removeMember(this)
  }

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    this.#onCancelled(error)
  }
}
