/**
 * What options may be, in one table for each function that takes some. An option that nobody reads is a
 * mistake that nobody sees, and one of the wrong kind fails far from where it was given: both are told at
 * once, with the name, the value and what is expected.
 */
import { show } from '../concurrency/scope/arguments.ts'

export interface Check {
  /** What is expected instead of the value; undefined if it is right. */
  (value: unknown): string | undefined
  /** Whether a number can be right: then another one is out of range, and otherwise of the wrong type. */
  readonly numeric?: boolean
}

/** One for each option of `O`: one that is added to the type and not here does not compile. */
export type Checks<O> = { readonly [Name in keyof Required<O>]: Check }

/**
 * `owner`: whose options they are, as in `cors()`. Throws TypeError for what is no object, for options that
 * there are not and for values of the wrong kind, and RangeError for numbers that are out of range.
 */
export function checkSettings(
  owner: string,
  options: unknown,
  checks: Readonly<Record<string, Check>>,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(
      `Cannot use ${show(options)} as the options of ${owner}: expected an object`,
    )
  }
  for (const name in options) {
    if (Object.hasOwn(checks, name)) continue
    throw new TypeError(
      `Unknown option "${name}" of ${owner}: expected one of ${Object.keys(checks).join(', ')}`,
    )
  }
  for (const [name, check] of Object.entries(checks)) {
    checkValue(owner, name, (options as Record<string, unknown>)[name], check)
  }
}

/** As `checkSettings()`, for one value that has a name. */
export function checkValue(owner: string, name: string, value: unknown, check: Check): void {
  const expected = check(value)
  if (expected === undefined) return
  const Kind = typeof value === 'number' && check.numeric === true ? RangeError : TypeError
  throw new Kind(`Invalid ${name} ${show(value)} of ${owner}: expected ${expected}`)
}

/** Of an option that may be left out. */
export function optional(check: Check): Check {
  const { numeric = false } = check
  return kind((value) => (value === undefined ? undefined : check(value)), numeric)
}

function kind(wrong: (value: unknown) => string | undefined, numeric: boolean): Check {
  return Object.assign((value: unknown) => wrong(value), { numeric })
}

function fitting(fits: (value: unknown) => boolean, expected: string, numeric = false): Check {
  return kind((value) => (fits(value) ? undefined : expected), numeric)
}

export const aFunction: Check = fitting((value) => typeof value === 'function', 'a function')
export const aFlag: Check = fitting((value) => typeof value === 'boolean', 'true or false')
export const aText: Check = fitting((value) => typeof value === 'string', 'a string')
export const anExpression: Check = fitting(
  (value) => value instanceof RegExp,
  'a regular expression',
)
export const anObject: Check = fitting(
  (value) => typeof value === 'object' && value !== null,
  'an object',
)
/** For what is checked where it is used. */
export const anything: Check = () => undefined

/** A field name, RFC 9110 §5.1. */
export const aToken: Check = fitting(
  (value) => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
  'a token',
)

/** What can be sent as the value of a field. */
export const aFieldValue: Check = fitting(
  (value) => typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value),
  'a string without control characters',
)

/** A finite number above `least`. */
export function above(least: number): Check {
  return fitting(
    (value) => typeof value === 'number' && value > least && value < Infinity,
    `a number above ${least}`,
    true,
  )
}

/** A number, `Infinity` included. */
export function atLeast(least: number): Check {
  return fitting((value) => typeof value === 'number' && value >= least, `${least} or more`, true)
}

export function wholeFrom(least: number): Check {
  return fitting(
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
    `a whole number, ${least} or more`,
    true,
  )
}

export function oneOf(...choices: readonly unknown[]): Check {
  return fitting(
    (value) => choices.includes(value),
    `one of ${choices.map(show).join(', ')}`,
    choices.some((one) => typeof one === 'number'),
  )
}

/** `what`: its items, as in "functions". */
export function listOf(item: Check, what: string): Check {
  return fitting(
    (value) => Array.isArray(value) && value.every((one) => item(one) === undefined),
    `a list of ${what}`,
  )
}

/** `expected`: all that it may be, in words. */
export function either(expected: string, ...checks: readonly Check[]): Check {
  return fitting(
    (value) => checks.some((check) => check(value) === undefined),
    expected,
    checks.some(({ numeric }) => numeric === true),
  )
}
