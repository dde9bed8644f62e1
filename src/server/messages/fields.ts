import { HTTPError } from './http-error.ts'

export interface NumberFieldOptions {
  /** What counts if the field is missing. Without it a missing field is answered with 400. */
  fallback?: number
  /** The least that is taken. Default: any. */
  min?: number
  /** The most that is taken. Default: any. */
  max?: number
}

/**
 * The fields of a query or of a form: `URLSearchParams`, and getters that answer 400 for a field that
 * is missing or is not what it should be. Of several with one name the first counts; `getAll()` has all.
 *
 * @example
 * ```ts
 * const app = new Application().get('/users', ({ query }) => {
 *   const page = query.integer('page', { fallback: 1, min: 1 })
 *   const order = query.oneOf('order', ['name', 'age'], 'name')
 *   return json({ page, order, tags: query.getAll('tag') })
 * })
 * ```
 */
export class Fields extends URLSearchParams {
  /** Throws `HTTPError` 400 if it is missing and there is no fallback. */
  text(name: string, fallback?: string): string {
    return this.get(name) ?? fallback ?? missing(name)
  }

  /** A whole number in decimal digits, of at most 2^53 - 1. Throws `HTTPError` 400 for anything else. */
  integer(name: string, options: NumberFieldOptions = {}): number {
    const text = this.get(name)
    if (text === null) return options.fallback ?? missing(name)
    const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : NaN
    return inRange(name, Number.isSafeInteger(value) ? value : NaN, options, 'a whole number')
  }

  /** A decimal number. Throws `HTTPError` 400 for anything else. */
  number(name: string, options: NumberFieldOptions = {}): number {
    const text = this.get(name)
    if (text === null) return options.fallback ?? missing(name)
    const decimal = /^[+-]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:e[+-]?\d{1,3})?$/i
    const value = decimal.test(text) ? Number(text) : NaN
    return inRange(name, Number.isFinite(value) ? value : NaN, options, 'a number')
  }

  /**
   * `true`, `1`, `on`, `yes` and the bare name, or `false`, `0`, `off` and `no`. Missing it is
   * `fallback`, by default false. Throws `HTTPError` 400 for anything else.
   */
  boolean(name: string, fallback: boolean = false): boolean {
    const text = this.get(name)
    if (text === null) return fallback
    if (/^(?:true|1|on|yes|)$/i.test(text)) return true
    if (/^(?:false|0|off|no)$/i.test(text)) return false
    throw new HTTPError(400, `Expected "${name}" to be true or false`)
  }

  /** One of `choices`. Throws `HTTPError` 400 for anything else, or if it is missing without fallback. */
  oneOf<const T extends string>(name: string, choices: readonly T[], fallback?: T): T {
    const text = this.get(name)
    if (text === null) return fallback ?? missing(name)
    const choice = choices.find((choice) => choice === text)
    if (choice !== undefined) return choice
    throw new HTTPError(400, `Expected "${name}" to be one of ${choices.join(', ')}`)
  }
}

function missing(name: string): never {
  throw new HTTPError(400, `The field "${name}" is missing`)
}

function inRange(
  name: string,
  value: number,
  { min = -Infinity, max = Infinity }: NumberFieldOptions,
  what: string,
): number {
  if (value >= min && value <= max) return value
  const bounds = [
    ...(min === -Infinity ? [] : [`at least ${min}`]),
    ...(max === Infinity ? [] : [`at most ${max}`]),
  ]
  const range = bounds.length === 0 ? '' : ` of ${bounds.join(' and ')}`
  throw new HTTPError(400, `Expected "${name}" to be ${what}${range}`)
}
