import { parseArgs, type ParseArgsConfig } from 'node:util'
import { parseDuration } from './duration.ts'
import { UsageError } from './usage-error.ts'

type Options = NonNullable<ParseArgsConfig['options']>
type Config<T extends Options> = {
  args: string[]
  options: T
  allowPositionals: true
  strict: true
}

/** Reads the command line; whatever is wrong with it is a `UsageError` of one line. */
export function readArguments<const T extends Options>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<Config<T>>> {
  try {
    return parseArgs<Config<T>>({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    // Node.js explains in further sentences and lines how to get round it.
    const [message = ''] = (error as Error).message.split(/\. |\.?\n/, 1)
    throw new UsageError(message, { cause: error })
  }
}

/** A whole number from `least` on; undefined if the option is absent. */
export function readCount(
  option: string,
  value: string | undefined,
  least: number,
): number | undefined {
  if (value === undefined) return undefined
  const count = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (count >= least && Number.isSafeInteger(count)) return count
  throw new UsageError(`Cannot use ${option} "${value}": expected a whole number, ${least} or more`)
}

/** A time in milliseconds; undefined if the option is absent. */
export function readDuration(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const duration = parseDuration(value)
  if (duration !== undefined) return duration
  throw new UsageError(`Cannot use ${option} "${value}": expected a time such as 500ms, 30s or 2m`)
}

/** One of a few words; undefined if the option is absent. */
export function readChoice<T extends string>(
  option: string,
  value: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (value === undefined) return undefined
  const choice = choices.find((candidate) => candidate === value)
  if (choice !== undefined) return choice
  throw new UsageError(`Cannot use ${option} "${value}": expected ${choices.join(', ')}`)
}

// RFC 9110 §5.6.2: both methods and field names are tokens.
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/

/** Words such as names of subprotocols (RFC 6455 §4.1); an option that may be repeated. */
export function readTokens(option: string, values: readonly string[] = []): readonly string[] {
  const wrong = values.find((value) => !token.test(value))
  if (wrong === undefined) return values
  throw new UsageError(`Cannot use ${option} "${wrong}": expected a token`)
}

/** A request method. Methods are case-sensitive, but nobody types a lower-case one on purpose. */
export function readMethod(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (!token.test(value)) throw new UsageError(`Cannot use method "${value}": expected a token`)
  const method = value.toUpperCase()
  if (method === 'CONNECT') {
    throw new UsageError('Cannot use method "CONNECT": it opens a tunnel and fetches nothing')
  }
  return method
}

// They follow from the body, and are not a user's to say.
const derived = new Set(['content-length', 'transfer-encoding'])

/** The `-H "Name: value"` options, in order; the same name may come several times. */
export function readHeaders(values: readonly string[] = []): [string, string][] {
  return values.map((value) => {
    const colon = value.indexOf(':')
    const name = value.slice(0, colon)
    if (colon < 1 || !token.test(name)) {
      throw new UsageError(`Cannot use header "${value}": expected "Name: value"`)
    }
    if (derived.has(name.toLowerCase())) {
      throw new UsageError(`Cannot use header "${name}": it follows from the body`)
    }
    const content = value.slice(colon + 1).trim()
    // oxlint-disable-next-line no-control-regex -- these are what must not get into a field value
    if (/[\0-\x08\n-\x1F\x7F]|[^\0-\xFF]/.test(content)) {
      throw new UsageError(
        `Cannot use the value of header "${name}": it has a character that fields may not carry`,
      )
    }
    return [name, content]
  })
}

// What a request says of its form, and nothing of who asks.
const plainHeaders = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-type',
  'pragma',
  'range',
  'user-agent',
])

/**
 * The names of those headers that a redirect to another origin goes without: all that may be somebody's
 * key, and who knows what they call theirs.
 */
export function secretNames(headers: readonly (readonly [string, string])[]): string[] {
  return headers.map(([name]) => name).filter((name) => !plainHeaders.has(name.toLowerCase()))
}
