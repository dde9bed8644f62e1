/**
 * Who closes a server from within: one of its handlers, or a task of its application. The server waits for those
 * before it ends, so they must not wait for its end, but for all others to be over. Then they go on, and
 * may still answer.
 */
import { Scope } from '../concurrency/scope/scope.ts'
import type { ApplicationRun } from './application-run.ts'
import type { ConnectionHost } from './connection/connection-host.ts'
import { RequestScope } from './connection/request-scope.ts'

export class InsideCallers {
  /** Resolves when nobody else is left. */
  readonly alone: Promise<void>
  readonly #host: ConnectionHost
  readonly #application: ApplicationRun
  readonly #callers = new Set<Scope>()
  #becameAlone!: () => void

  constructor(host: ConnectionHost, application: ApplicationRun) {
    this.#host = host
    this.#application = application
    this.alone = new Promise((resolve) => {
      this.#becameAlone = resolve
    })
  }

  /** Whether any of them is not over. */
  get waiting(): boolean {
    for (const caller of this.#callers) if (!caller.over) return true
    return false
  }

  /** The request, the task or the lifespan that `scope` belongs to; undefined if it is none of this server's. */
  callerIn(scope: Scope): Scope | undefined {
    const { scope: tasks } = this.#application
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      if (at instanceof RequestScope && at.keeper === this.#host) return at
      if (at === tasks || at.parent === tasks) return at
    }
    return undefined
  }

  add(caller: Scope): void {
    if (this.#callers.size === 0) {
      this.#host.onRequestEnded = () => this.#look()
      this.#application.onTaskEnded = () => this.#look()
    }
    this.#callers.add(caller)
    this.#look()
  }

  /** There is no time left for anybody else. */
  cancelOthers(reason: string): void {
    for (const above of [this.#host.scope, this.#application.scope]) {
      for (const member of Array.from(above.members())) {
        if (member instanceof Scope && !this.#callers.has(member)) member.cancel(reason, 'shutdown')
      }
    }
  }

  #look(): void {
    let requests = 0
    let tasks = 0
    for (const caller of this.#callers) {
      if (caller.over) continue
      if (caller instanceof RequestScope) requests++
      else tasks++
    }
    if (this.#host.active <= requests && this.#application.tasks <= tasks) this.#becameAlone()
  }
}
