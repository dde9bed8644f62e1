/** Checks of what users hand in: bad arguments are told at once, with the value and what is allowed. */
import { checkNames, type Names } from '../../util/known-names.ts'

/** `action`: what could not be done, as in "start a task". */
export function checkFunction(action: string, fn: unknown): void {
  if (typeof fn === 'function') return
  const hint = isThenable(fn) ? '; pass a function that returns the promise, not the promise' : ''
  throw new TypeError(`Cannot ${action}: expected a function, got ${show(fn)}${hint}`)
}

/**
 * `of`: whose options they are, as in "queue"; `example`: what they may look like; `known`: the names of
 * all that there are, since a name that nobody reads is a mistake that nobody sees.
 */
export function checkOptions(
  of: string,
  options: unknown,
  example: string,
  known?: Readonly<Record<string, true>>,
): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) {
    if (known !== undefined) checkNames(options, known, `a ${of}`)
    return
  }
  throw new TypeError(
    `Cannot use ${show(options)} as the options of a ${of}: expected an object, as in ${example}`,
  )
}

/** `options` where none need be given; undefined is as good as none. */
export function checkOptional<O>(
  of: string,
  options: O,
  example: string,
  known?: Names<NonNullable<O>>,
): O {
  if (options !== undefined) checkOptions(of, options, example, known)
  return options
}

/** `what` completes "Cannot use 1 as …". */
export function checkFlag<F extends boolean | undefined>(what: string, flag: F): F {
  if (flag === undefined || typeof flag === 'boolean') return flag
  throw new TypeError(`Cannot use ${show(flag)} as ${what}: expected true or false`)
}

/** `expected`: what is to be iterated over, as in "an iterable of tasks". */
export function checkIterable(action: string, items: unknown, expected: string): void {
  const { [Symbol.iterator]: iterator } = Object(items) as Partial<Iterable<unknown>>
  if (typeof iterator === 'function') return
  throw new TypeError(`Cannot ${action}: expected ${expected}, got ${show(items)}`)
}

/** Undefined is no name, and then one is made up. */
export function checkName<T extends string | undefined>(of: string, name: T): T {
  if (name !== undefined) requireName(of, name)
  return name
}

export function requireName(of: string, name: string): string {
  if (typeof name === 'string' && name !== '') return name
  throw new TypeError(`Invalid name ${show(name)} of a ${of}: expected a string that is not empty`)
}

/** A promise or another thenable, of whatever make. */
export function checkPromise(action: string, promise: unknown): void {
  if (!isThenable(promise)) {
    throw new TypeError(`Cannot ${action}: expected a promise, got ${show(promise)}`)
  }
}

/** A length of time in milliseconds: 0 or more, `Infinity` included. */
export function checkDuration(of: string, value: number): number {
  if (typeof value !== 'number') {
    throw new TypeError(`Invalid ${of} ${show(value)}: expected a number of milliseconds`)
  }
  if (!(value >= 0)) {
    throw new RangeError(`Invalid ${of} ${value}: expected 0 ms or more, or Infinity`)
  }
  return value
}

/** A point in time on the clock of `now()`. `Infinity` is never, and any past is now. */
export function checkDeadline(of: string, value: number): number {
  if (typeof value !== 'number') {
    throw new TypeError(`Invalid ${of} ${show(value)}: expected a number, on the clock of now()`)
  }
  if (Number.isNaN(value)) {
    throw new RangeError(`Invalid ${of} NaN: expected a time on the clock of now(), or Infinity`)
  }
  return value
}

function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

/** A value for a message: strings quoted, objects by their kind. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`
  if (typeof value === 'object' && value !== null) {
    return Object.prototype.toString.call(value).slice(8, -1)
  }
  return String(value)
}
