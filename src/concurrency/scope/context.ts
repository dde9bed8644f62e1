/**
 * The one AsyncLocalStorage of Spool: it carries the current scope through every `await`.
 *
 * What is shared between requests (sockets, timers, wheels, workers, caches) is made through
 * `outsideScopes()`: otherwise Node.js would hold the scope that happened to make it for as long as
 * it lives, and would enter that scope for the callbacks of all who use it later.
 */
import { AsyncLocalStorage, AsyncResource, createHook } from 'node:async_hooks'
import type { Scope } from './scope.ts'

const storage = new AsyncLocalStorage<Scope | undefined>()

/** The scope that this code runs in, or undefined outside of all of them. */
export function enclosingScope(): Scope | undefined {
  return storage.getStore()
}

/** Runs `fn`, and all that it awaits, in `scope`. An argument saves the closure where it counts. */
export function runInScope<T>(scope: Scope, fn: () => T): T
export function runInScope<T, A>(scope: Scope, fn: (argument: A) => T, argument: A): T
export function runInScope<T, A>(scope: Scope, fn: (argument?: A) => T, argument?: A): T {
  return storage.getStore() === scope ? fn(argument) : thereAndBack(scope, fn, argument)
}

/**
 * Enters `scope` for the rest of the step that runs now, and for all that it awaits. Only for a step that
 * is Spool's own from its beginning, such as what comes after an `await`; whoever called a function
 * that does this would find itself in the scope too.
 */
export function enterScope(scope: Scope): void {
  storage.enterWith(scope)
}

/**
 * Calls `fn` in `scope`. What it returns is awaited in the scope too if it is a task or another lazy
 * promise-like, since its wait belongs to the scope that calls `then()`.
 */
export function callInScope<T, A>(
  scope: Scope,
  fn: (argument: A) => T | PromiseLike<T>,
  argument: A,
): T | PromiseLike<T> {
  const result = runInScope(scope, fn, argument)
  return isLazy(result) ? runInScope(scope, settled, result) : result
}

function isLazy(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Promise) return false
  return typeof (value as { then?: unknown }).then === 'function'
}

/** Waits for what is promise-like, in the scope that calls this. */
export async function settled<T>(value: T | PromiseLike<T>): Promise<T> {
  return value
}

/** Runs `fn` in no scope at all: for what outlives the request that happens to make it. */
export function outsideScopes<T>(fn: () => T): T {
  return storage.getStore() === undefined ? fn() : thereAndBack(undefined, fn)
}

// Where a context is a frame, `run()` makes one on the way in and another one on the way out, which is
// not the one that was there before but has an entry more, for good: each context made in it copies that.
// A resource keeps the frame itself and puts it back.
const thereAndBack: StepInside = waysThereAndBack(stepsAreApart())

type StepInside = <T, A>(scope: Scope | undefined, fn: (argument?: A) => T, argument?: A) => T

/** @internal How a function is run in a scope, where `apart` is what `stepsAreApart()` says. */
export function waysThereAndBack(apart: boolean): StepInside {
  return apart ? inOwnStep : inStore
}

function inOwnStep<T, A>(scope: Scope | undefined, fn: (argument?: A) => T, argument?: A): T {
  const step = new AsyncResource('SpoolStep', 0)
  return step.runInAsyncScope(stayInScope<T, A | undefined>, undefined, scope, fn, argument)
}

function inStore<T, A>(scope: Scope | undefined, fn: (argument?: A) => T, argument?: A): T {
  return storage.run(scope, fn, argument)
}

// Made when the program begins, so it has nobody's stores.
const root = new AsyncResource('SpoolRoot')

/**
 * Runs `fn` in no scope, and without the stores of others: for sockets, which would otherwise keep what
 * the one had who opened them, and show it to the callbacks of all who use them later.
 */
export function outsideContexts<T>(fn: () => T): T
export function outsideContexts<T, A>(fn: (argument: A) => T, argument: A): T
export function outsideContexts<T, A>(fn: (argument?: A) => T, argument?: A): T {
  return root.runInAsyncScope(fn, undefined, argument)
}

/** `fn`, entered in the context of now, whoever calls it later: for callbacks. */
export function inThisContext<A extends unknown[]>(fn: (...args: A) => void): (...args: A) => void {
  return AsyncLocalStorage.bind(fn)
}

/** A context, with the stores of everybody, for one who starts something in it later. */
export type CapturedContext = AsyncResource

/** The context of now. */
export function captureContext(): CapturedContext {
  // 0, "caused by nothing known", saves finding out what runs now.
  return new AsyncResource('SpoolContext', 0)
}

/** Calls `fn(argument)` in `context`. */
export function runInContext<T, A>(
  context: CapturedContext,
  fn: (argument: A) => T,
  argument: A,
): T {
  return context.runInAsyncScope(fn, undefined, argument)
}

/**
 * Calls `fn(argument)` in `scope`, at the end of a callback of the platform or of a promise, and does not
 * lead out of the scope again where the platform does that itself: half the price of `runInScope()`.
 * What the caller does afterwards in the same step is in the scope as well, so it must not mind; timers
 * of a clock and what a transport tells its sink are outside of scopes wherever they come from.
 */
export const endStepInScope: StepEnd = waysToEndAStep(stepsAreApart())

type StepEnd = <T, A>(scope: Scope, fn: (argument: A) => T, argument: A) => T

/** @internal What `endStepInScope()` is, where `apart` is what `stepsAreApart()` says. */
export function waysToEndAStep(apart: boolean): StepEnd {
  return apart ? stayInScope : stepInScope
}

// With a resource that goes when the step does: also what `fn` puts into the stores of others would stay
// with the socket, and be there for whose turn is next.
function stepInScope<T, A>(scope: Scope, fn: (argument: A) => T, argument: A): T {
  const step = new AsyncResource('SpoolStep')
  return step.runInAsyncScope(stayInScope<T, A>, undefined, scope, fn, argument)
}

function stayInScope<T, A>(scope: Scope | undefined, fn: (argument: A) => T, argument: A): T {
  storage.enterWith(scope)
  return fn(argument)
}

/**
 * Whether what a callback enters ends with it, as it does where a context is a frame (Node.js 24). With
 * Node.js 22 it would stay with the socket, and be there again in its next callback.
 */
function stepsAreApart(): boolean {
  const resource = new AsyncResource('SpoolProbe')
  const storage = new AsyncLocalStorage<boolean>()
  resource.runInAsyncScope(() => storage.enterWith(true))
  const stays = storage.getStore() ?? resource.runInAsyncScope(() => storage.getStore())
  storage.disable()
  return stays === undefined
}

/**
 * Calls `before`, with the scope, and `after` around every step of asynchronous code in the process,
 * until the function that it returns is called. Dear: for diagnosis only.
 */
export function watchSteps(
  before: (scope: Scope | undefined) => void,
  after: () => void,
): () => void {
  const hook = createHook({ before: () => before(enclosingScope()), after })
  hook.enable()
  return () => void hook.disable()
}
