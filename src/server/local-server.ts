/** A server that handles requests in this process, and how it comes to its end. */
import { currentScope, type Scope } from '../concurrency/scope/scope.ts'
import type { Listener } from '../io/listener.ts'
import { readTLSFiles } from '../io/tls-files.ts'
import type { Transport } from '../io/transport.ts'
import type { ApplicationRun } from './application-run.ts'
import type { ConnectionHost, Endpoint } from './connection/connection-host.ts'
import { InsideCallers } from './inside-callers.ts'
import type { Server, ServerStatistics } from './server.ts'
import { type CloseOptions, ServerEnd } from './server-end.ts'
import type { ListenAddress } from './server-options.ts'
import { settledWithin } from './time-limit.ts'

/** What a server is made of. */
export interface ServerParts {
  readonly host: ConnectionHost
  /** Filled before `begin()`. */
  readonly listeners: readonly Listener[]
  /** One for each listener. */
  readonly addresses: readonly ListenAddress[]
  readonly application: ApplicationRun
  readonly scope: Scope
}

export class LocalServer implements Server {
  readonly workers: readonly number[] = []
  readonly #host: ConnectionHost
  readonly #listeners: readonly Listener[]
  readonly #addresses: readonly ListenAddress[]
  readonly #application: ApplicationRun
  readonly #scope: Scope
  readonly #inside: InsideCallers
  #end!: ServerEnd
  #refused = 0

  constructor({ host, listeners, addresses, application, scope }: ServerParts) {
    this.#host = host
    this.#listeners = listeners
    this.#addresses = addresses
    this.#application = application
    this.#scope = scope
    this.#inside = new InsideCallers(host, application)
  }

  /** A listener has a connection. */
  accept(transport: Transport, endpoint: Endpoint): void {
    // Each listener keeps to the limit by itself; only together they may come to more.
    if (this.#host.connections.size < this.#host.limits.connections) {
      this.#host.accept(transport, endpoint)
    } else {
      this.#refused++
      transport.destroy()
    }
  }

  /** All listeners are there: from now on it can be closed. */
  begin(): void {
    this.#end = new ServerEnd(this.#scope, this.#host.timeouts.shutdown, {
      run: (end) => this.#close(end),
      report: (error) => this.#host.report(error, undefined),
    })
  }

  get port(): number {
    return this.#listeners[0]?.port ?? 0
  }

  get url(): string {
    return this.urls[0] as string
  }

  get urls(): readonly string[] {
    return this.#listeners.map(({ port, address }, index) => {
      if (port === undefined) return `unix:${address}`
      const host = address.slice(0, address.lastIndexOf(':'))
      const reachable = host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host
      return `${this.#addresses[index]?.tls === undefined ? 'http' : 'https'}://${reachable}:${port}`
    })
  }

  get closed(): Promise<void> {
    return this.#end.closed
  }

  /** As `Server.close()` says, and so its cancellation: never thrown, and nothing is waited for then. */
  close(options?: CloseOptions): Promise<void> {
    const caller = this.#inside.callerIn(currentScope())
    if (caller === undefined) return this.#end.close(options)
    return this.#end.closeInside(options, () => this.#inside.add(caller))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * As `Server.reload()` says.
   *
   * Cancellation: has none; the scope is not looked at.
   */
  async reload(): Promise<void> {
    // All are read before any is replaced.
    const read = this.#addresses.map(({ tls }) =>
      tls === undefined ? undefined : readTLSFiles(tls),
    )
    for (const [index, tls] of read.entries()) {
      if (tls !== undefined) this.#listeners[index]?.replaceCertificates(tls)
    }
  }

  statistics(): ServerStatistics {
    let accepted = -this.#refused
    let refused = this.#refused
    for (const listener of this.#listeners) {
      const statistics = listener.statistics()
      accepted += statistics.accepted
      refused += statistics.refused
    }
    return { ...this.#host.statistics(), accepted, refused }
  }

  async #close(end: ServerEnd): Promise<void> {
    try {
      await Promise.all(this.#listeners.map((listener) => listener.close()))
      const idle = new Promise<void>((resolve) => this.#host.whenIdle(resolve))
      this.#host.startClosing()
      const over = idle.then(() => this.#application.whenIdle())
      void this.#inside.alone.then(() => end.release())
      await Promise.race([over, end.hurry])
      const { cancellation } = this.#host.timeouts
      if (this.#inside.waiting) {
        this.#inside.cancelOthers('the server is closed')
        await settledWithin(this.#inside.alone, cancellation)
        end.release()
        // For whatever they still have to say.
        await settledWithin(over, cancellation)
      }
      this.#host.destroy('the server is closed')
      if (end.hurried) this.#application.cancel('the server is closed')
      if (!(await settledWithin(idle, cancellation))) this.#nameTheRest()
      await this.#cleanUp(end, cancellation)
    } finally {
      this.#host.end()
    }
  }

  async #cleanUp(end: ServerEnd, grace: number): Promise<void> {
    const cleaning = this.#application.cleanUp()
    if (await settledWithin(cleaning, end.hurried ? grace : end.left)) {
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
