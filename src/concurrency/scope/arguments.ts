/** Checks of what users hand in: bad arguments are told at once, with the value and what is allowed. */

/** `action`: what could not be done, as in "start a task". */
export function checkFunction(action: string, fn: unknown): void {
  if (typeof fn === 'function') return
  const hint = isThenable(fn) ? '; pass a function that returns the promise, not the promise' : ''
  throw new TypeError(`Cannot ${action}: expected a function, got ${show(fn)}${hint}`)
}

/** `of`: whose options they are, as in "queue"; `example`: what they may look like. */
export function checkOptions(of: string, options: unknown, example: string): void {
  if (typeof options === 'object' && options !== null) return
  throw new TypeError(
    `Cannot use ${show(options)} as the options of a ${of}: expected an object, as in ${example}`,
  )
}

export function checkName<T extends string | undefined>(of: string, name: T): T {
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new TypeError(
      `Invalid name ${show(name)} of a ${of}: expected a string that is not empty`,
    )
  }
  return name
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
