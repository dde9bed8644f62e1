/**
 * Errors between threads. Structured clone keeps the message, the stack and the class where it is one of the
 * language's, and loses all else: `name`, `code` and other fields go along beside it.
 */
import { SpoolError } from '../../util/error.ts'

export interface SentError {
  /** The error as structured clone has it, without its cause; or whatever else was thrown. */
  readonly thrown: unknown
  readonly name: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause: SentError | undefined
}

// Causes that have causes: more of them are a circle.
const deepest = 8

export function sentThrown(thrown: unknown, depth = 0): SentError {
  if (!(thrown instanceof Error)) {
    const plain = isCloneable(thrown) ? thrown : String(thrown)
    return { thrown: plain, name: undefined, fields: {}, cause: undefined }
  }
  const { name, cause } = thrown
  const fields: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(thrown)) {
    if (key !== 'cause' && isCloneable(value)) fields[key] = value
  }
  return {
    thrown: bare(thrown),
    name,
    fields,
    cause: cause === undefined || depth === deepest ? undefined : sentThrown(cause, depth + 1),
  }
}

/** `hint` is added to the message. */
export function receivedThrown({ thrown, name, fields, cause }: SentError, hint = ''): unknown {
  if (!(thrown instanceof Error)) return thrown
  if (name !== undefined && name !== thrown.name) define(thrown, 'name', name)
  if (cause !== undefined) define(thrown, 'cause', receivedThrown(cause))
  if (hint !== '') define(thrown, 'message', thrown.message + hint)
  Object.assign(thrown, fields)
  const { code } = thrown as { code?: unknown }
  // So that `TimeoutError.is(error)` says the same here. A cancellation over there is none here.
  if (typeof code === 'string' && code.startsWith('SPOOL_') && code !== 'SPOOL_CANCELLED') {
    SpoolError.mark(thrown)
  }
  return thrown
}

// A class of the language stays, with what structured clone takes of it and no more.
function bare({ name, message, stack, constructor }: Error): Error {
  const builtIn = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]
  const kind = builtIn.find((kind) => kind === constructor || kind.name === name) ?? Error
  const error = new kind(message)
  define(error, 'stack', stack)
  return error
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true })
}

export function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}
