import { checkNames } from './known-names.ts'

/** What the value of an option may be; `any` for what is looked at elsewhere. */
export type OptionKind = 'any' | 'boolean' | 'text' | 'name' | 'function' | 'object' | 'list'

/** The names of all options of `T`, and what they may be: one that is added to the type and not here does not compile. */
export type Kinds<T> = Readonly<Record<keyof T, OptionKind>>

const expected: Readonly<Record<OptionKind, string>> = {
  any: 'anything',
  boolean: 'true or false',
  text: 'a string',
  name: 'a string that is not empty',
  function: 'a function',
  object: 'an object',
  list: 'a list',
}

/**
 * Options as plain JavaScript gives them, where no compiler has looked. Throws TypeError if they are no object,
 * for a name that is not among `kinds`, and for a value of another kind; undefined is as left out. `owner`: whose
 * options they are, as in "a request". `elsewhere`: what names of other libraries are called here.
 */
export function checkKinds(
  options: object,
  kinds: Readonly<Record<string, OptionKind>>,
  owner: string,
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  if (!isObject(options)) {
    throw new TypeError(
      `Cannot use ${shown(options)} as the options of ${owner}: expected an object`,
    )
  }
  for (const name in options) {
    if (Object.hasOwn(elsewhere, name)) {
      const meant = elsewhere[name] as string
      throw new TypeError(`Cannot use "${name}" as an option of ${owner}, expected ${meant}`)
    }
    if (!Object.hasOwn(kinds, name)) checkNames(options, named(kinds), owner)
    const kind = kinds[name] as OptionKind
    const value = (options as Record<string, unknown>)[name]
    if (kind === 'any' || value === undefined || isOf(kind, value)) continue
    throw new TypeError(`Cannot use ${shown(value)} as "${name}": expected ${expected[kind]}`)
  }
}

/** A value in a message: strings in quotes, and of objects no more than what they are. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  }
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'a list' : Object.prototype.toString.call(value).slice(8, -1)
  }
  return String(value)
}

function isOf(kind: OptionKind, value: unknown): boolean {
  if (kind === 'object') return isObject(value)
  if (kind === 'list') return Array.isArray(value)
  if (kind === 'text') return typeof value === 'string'
  if (kind === 'name') return typeof value === 'string' && value !== ''
  return typeof value === kind
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function named(kinds: Readonly<Record<string, OptionKind>>): Readonly<Record<string, true>> {
  return Object.fromEntries(Object.keys(kinds).map((name) => [name, true]))
}
