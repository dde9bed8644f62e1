/**
 * The scope of one request, and the group of the tasks that its handler starts. Most handlers start
 * none, so the group is made when the first one does.
 *
 * The response does not wait for the tasks; the scope does. Once the response is sent, that the client
 * leaves stops them no more; that the server stops does.
 */
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { outsideScopes, runInScope } from '../../concurrency/scope/context.ts'
import type { ScopeGroup } from '../../concurrency/scope/owners.ts'
import { Scope } from '../../concurrency/scope/scope.ts'
import { TaskGroup } from '../../concurrency/tasks/task-group.ts'
import { TaskGroupError } from '../../concurrency/tasks/task-group-error.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { ServerLimits } from '../server-options.ts'
import type { Destination } from './destination.ts'
import type { ServerRequest } from '../messages/server-request.ts'

/** Who has to know of a request's end and of its errors. */
export interface RequestKeeper {
  readonly scope: Scope
  readonly limits: Pick<ServerLimits, 'body'>
  /** Called when the server takes no more requests: for what would go on for as long as its client. */
  readonly closingListeners: Set<() => void>
  /** Whether they were called. */
  readonly closing: boolean
  report(error: unknown, request: ServerRequest | undefined): void
  requestEnded(): void
}

/** Whoever speaks the new protocol on a connection that was upgraded. */
export interface ConnectionTaker {
  /** Whether an error says nothing but that the connection has ended. */
  isEnd(error: unknown): boolean
}

export class RequestScope extends Scope implements ScopeGroup {
  readonly destination: Destination
  readonly request: ServerRequest
  /** @internal Of a connection that was upgraded: whoever speaks the new protocol in this scope. */
  taker: ConnectionTaker | undefined
  readonly #keeper: RequestKeeper
  #tasks: TaskGroup | undefined

  constructor(keeper: RequestKeeper, request: ServerRequest, destination: Destination) {
    super(keeper.scope)
    this.destination = destination
    this.#keeper = keeper
    this.request = request
    this.taker = undefined
    this.#tasks = undefined
    this.group = this
    // What a handler sets in a ContextVar is its own.
    this.variableScope = this
    this.variables = keeper.scope.variableScope.variables
    const { timeout, bodyLimit } = destination
    request.scope = this
    request.bodyLimit = bodyLimit ?? keeper.limits.body
    if (timeout !== Infinity) this.setDeadline(clock().now() + timeout)
  }

  /** @internal */
  get keeper(): RequestKeeper {
    return this.#keeper
  }

  get name(): string {
    return `${this.request.method} ${this.request.target}`
  }

  get open(): boolean {
    return !this.over && !this.closing
  }

  /** @internal */
  get scope(): Scope {
    return this
  }

  /** @internal */
  get outer(): undefined {
    return undefined
  }

  /** @internal */
  get taskGroup(): TaskGroup {
    return (this.#tasks ??= runInScope(this, () => new TaskGroup({ name: this.name })))
  }

  /** @internal */
  take(error: unknown): boolean {
    if (this.taker?.isEnd(error) !== true) this.#keeper.report(error, this.request)
    return true
  }

  /**
   * The handler is done and the response handed over: ends when the tasks are over. May be called in this
   * very scope, which is not to cancel what ends it.
   */
  finish(): void {
    const { hooks } = this.request
    if (hooks !== undefined) {
      outsideScopes(() => hooks.end(this.cancelled, (error) => this.take(error)))
    }
    const tasks = this.#tasks
    if (tasks === undefined) RequestScope.#finishNow(this)
    else outsideScopes(() => void RequestScope.#finishAfter(this, tasks))
  }

  // Static, both: an object with a private method holds a mark of its own for that.
  static async #finishAfter(scope: RequestScope, tasks: TaskGroup): Promise<void> {
    try {
      await tasks.join()
    } catch (error) {
      const errors = error instanceof TaskGroupError ? error.errors : [error]
      // Of its own cancellation nobody needs to hear.
      for (const one of errors) if (!(scope.cancelled && isCancellation(one))) scope.take(one)
    }
    await tasks.finish()
    RequestScope.#finishNow(scope)
  }

  static #finishNow(scope: RequestScope): void {
    const leftovers = scope.close()
    if (leftovers === undefined) scope.#keeper.requestEnded()
    else void leftovers.then(() => scope.#keeper.requestEnded())
  }
}
