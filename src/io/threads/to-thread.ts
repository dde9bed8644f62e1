import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { show } from '../../concurrency/scope/arguments.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { CapacityLimiter } from '../../concurrency/sync/capacity-limiter.ts'
import { abortable } from '../../concurrency/tasks/abortable.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { ThreadCall } from './thread-call.ts'
import type { ThreadFunction } from './thread-job.ts'
import { threadPool, useThreads } from './thread-pool.ts'

type AnyFunction = (...args: never[]) => unknown

/** An export of a module, for `toThread()`. */
export interface ThreadModule {
  /** A path, from the folder that the program runs in, or a URL as `new URL('./work.ts', import.meta.url)`. */
  readonly module: string | URL
  /** Which export. Default: the default one. */
  readonly name?: string
}

export interface ToThreadOptions {
  /** Shares out the threads. Default: `threadLimiter`, as many as there are processors. */
  limiter?: CapacityLimiter
  /** Array buffers and ports among the arguments that are handed over and not copied; they are empty here then. */
  transfer?: readonly (ArrayBuffer | object)[]
  /**
   * Whether the memory of the result is handed over and not copied: of an array buffer or a view of one, or those
   * right inside of an object or an array. Default false.
   */
  transferResult?: boolean
}

/** What is behind the function: arguments may be left out if it needs none. */
export type ThreadArguments<F extends AnyFunction> =
  [] extends Parameters<F>
    ? [args?: Parameters<F>, options?: ToThreadOptions]
    : [args: Parameters<F>, options?: ToThreadOptions]

/** How many functions run in threads at a time, all over the program; `total` can be changed. */
export const threadLimiter: CapacityLimiter = new CapacityLimiter(availableParallelism())

const optionNames: Names<ToThreadOptions> = { limiter: true, transfer: true, transferResult: true }

/**
 * Runs a function in another thread, and resolves with what it returns: for work that would keep this thread from
 * everything else. It is an export of a module, or a function that is sent as its source: such a one sees its
 * arguments, what it imports by `await import()`, and the globals of Node.js, and nothing of what is around it
 * here. Arguments and results are copied by structured clone; functions among the arguments are sent by
 * `fromThread()`. Needs the package `piscina`.
 *
 * ```ts
 * const sumOfRoots = (count: number) => {
 *   let sum = 0
 *   for (let n = 1; n <= count; n++) sum += Math.sqrt(n)
 *   return Math.round(sum)
 * }
 * console.log(await toThread(sumOfRoots, [1_000])) // → 21097
 * await closeThreads()
 * ```
 *
 * What it throws is thrown here: class, where it is one of the language's, `name`, `message`, `code` and other
 * fields, `cause`, and the stack over there.
 *
 * Cancellation: the thread is ended, wherever the function is, and this throws once it is gone. Nothing of it runs
 * on, not even a `finally`. In the line for a thread it leaves the line.
 *
 * @throws ThreadError if the thread ends before the function does, or the result can't be sent
 * @throws TypeError for a function that can't be sent, or arguments that structured clone does not take
 * @throws {SpoolError} with code `SPOOL_MISSING_PACKAGE` if `piscina` is not installed
 */
export function toThread<F extends AnyFunction>(
  fn: F,
  ...rest: ThreadArguments<F>
): Promise<Awaited<ReturnType<F>>>
/** The same with an export of a module, whose type says what it takes: `toThread<typeof resize>(…)`. */
export function toThread<F extends AnyFunction = (...args: unknown[]) => unknown>(
  module: URL | ThreadModule,
  ...rest: ThreadArguments<F>
): Promise<Awaited<ReturnType<F>>>
export async function toThread(
  target: unknown,
  args: readonly unknown[] = [],
  options: ToThreadOptions = {},
): Promise<unknown> {
  const fn = functionOf(target)
  checkNames(options, optionNames, 'toThread()')
  if (!Array.isArray(args)) {
    throw new TypeError(`Cannot run in a thread: expected an array of arguments, got ${show(args)}`)
  }
  const { limiter = threadLimiter, transfer = [], transferResult = false } = options
  currentScope().throwIfCancelled()
  const call = new ThreadCall()
  try {
    // Each call is a borrower of its own: a task may have several.
    using _permit = await limiter.acquire(call)
    useThreads(currentScope())
    let pool = await abortable(threadPool())
    while (pool.closed) pool = await abortable(threadPool())
    return await call.run(pool, fn, args, transfer, transferResult)
  } finally {
    call.end()
  }
}

const sources = new WeakMap<object, string>()

function functionOf(target: unknown): ThreadFunction {
  if (typeof target === 'function') return { source: sourceOf(target as AnyFunction) }
  if (target instanceof URL) return { module: target.href, name: 'default' }
  const { module, name = 'default' } = (target ?? {}) as Partial<ThreadModule>
  if (module instanceof URL) return { module: module.href, name }
  if (typeof module === 'string' && module !== '' && typeof name === 'string') {
    return { module: pathToFileURL(resolve(module)).href, name }
  }
  const allowed = 'a function, a URL, or { module, name }'
  throw new TypeError(`Cannot run ${show(target)} in a thread: expected ${allowed}`)
}

function sourceOf(fn: AnyFunction): string {
  const known = sources.get(fn)
  if (known !== undefined) return known
  const source = String(fn)
  if (source.startsWith('class') || !isExpression(source)) {
    throw new TypeError(
      `Cannot run "${fn.name}" in a thread: it can't be sent as source; write it as an arrow function, or export it from a module`,
    )
  }
  sources.set(fn, source)
  return source
}

// Methods are none, nor is what is built in or bound.
function isExpression(source: string): boolean {
  try {
    // oxlint-disable-next-line no-new, typescript/no-implied-eval
    new Function(`'use strict'; return (${source})`)
    return true
  } catch {
    return false
  }
}
