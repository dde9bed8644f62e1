import { checkFunction, checkOptional, requireName, show } from './arguments.ts'
import { runInScope } from './context.ts'
import { currentScope, Scope, variableScope } from './scope.ts'

/** A value that `set()` replaced: hand it to `reset()` to have it back. */
export interface ContextVarToken<T> {
  readonly variable: ContextVar<T>
  /** Undefined if there was none. */
  readonly before: { readonly value: T } | undefined
}

/**
 * A variable with a value of its own in each task: a request id, a user, a locale.
 *
 * A task begins with the values of the one that started it; what it sets, only it sees, and the tasks
 * that it starts from then on.
 *
 * ```ts
 * const user = new ContextVar('user', { default: 'nobody' })
 * const seen = await gather(
 *   () => user.run('Ada', () => user.get()),
 *   () => user.get(),
 * )
 * console.log(...seen) // → Ada nobody
 * ```
 */
export class ContextVar<T> {
  readonly name: string
  readonly #default: { readonly value: T } | undefined

  /** Without a `default`, `get()` throws where nothing was set. */
  constructor(name: string, options?: { default: T }) {
    this.name = requireName('context variable', name)
    checkOptional('context variable', options, '{ default: 0 }', { default: true })
    this.#default =
      options === undefined || !('default' in options) ? undefined : { value: options.default }
  }

  /**
   * The value here.
   *
   * @throws {ReferenceError} if none was set, and there is no default.
   */
  get(): T {
    const found = this.#find() ?? this.#default
    if (found === undefined) {
      throw new ReferenceError(`Cannot get "${this.name}": it is not set here and has no default`)
    }
    return found.value
  }

  /** Sets the value in this task, until it ends or `reset()` takes it back. */
  set(value: T): ContextVarToken<T> {
    const before = this.#find()
    this.#store({ value })
    return new Token(this, before)
  }

  /** Takes a `set()` back. */
  reset(token: ContextVarToken<T>): void {
    if (!((token as unknown) instanceof Token)) {
      throw new TypeError(
        `Cannot reset "${this.name}" with ${show(token)}: expected what set() returned`,
      )
    }
    if (token.variable !== this) {
      throw new TypeError(
        `Cannot reset "${this.name}": the token is one of "${token.variable.name}"`,
      )
    }
    this.#store(token.before)
  }

  /**
   * Runs `fn`, and all that it awaits, with another value. What `fn` sets, this variable or others, is
   * gone when it is over.
   */
  run<R>(value: T, fn: () => R): R {
    checkFunction('run with a context variable', fn)
    const scope = new Scope(currentScope())
    scope.variables = this.#with({ value })
    scope.variableScope = scope
    let result: R
    try {
      result = runInScope(scope, fn)
    } catch (error) {
      scope.end()
      throw error
    }
    if (!(result instanceof Promise)) {
      scope.end()
      return result
    }
    return result.finally(() => scope.end()) as R
  }

  #find(): { readonly value: T } | undefined {
    return variableScope().variables?.get(this) as { readonly value: T } | undefined
  }

  #store(entry: { readonly value: T } | undefined): void {
    variableScope().variables = this.#with(entry)
  }

  // A copy: tasks that were started before share what was.
  #with(entry: { readonly value: T } | undefined): ReadonlyMap<object, unknown> {
    const variables = new Map(variableScope().variables)
    if (entry === undefined) variables.delete(this)
    else variables.set(this, entry)
    return variables
  }
}

class Token<T> implements ContextVarToken<T> {
  readonly variable: ContextVar<T>
  readonly before: { readonly value: T } | undefined

  constructor(variable: ContextVar<T>, before: { readonly value: T } | undefined) {
    this.variable = variable
    this.before = before
  }
}
