/**
 * Where an error goes that no caller awaits: to the nearest open group, which fails with it, so that
 * it reaches whoever awaits the group. Where there is none it is an uncaught exception of the process.
 */
import { isError } from '../../util/error-text.ts'
import type { ScopeGroup } from './owners.ts'

/** Hands `error` to the nearest open group around. `from`: what it came from, in a few words. */
export function reportLost(error: unknown, group: ScopeGroup | undefined, from: string): void {
  let nearest = group
  while (nearest !== undefined && !nearest.take(error, from)) nearest = nearest.outer
  if (nearest === undefined) queueMicrotask(() => rethrow(error))
}

/**
 * Where several functions run and the first failure itself is thrown, what the others fail with must
 * not vanish: it goes along with the first, which shows it wherever it is printed.
 *
 * Adds `others` to `first.suppressed`, and returns `first`. What can't be added, because `first` is no
 * error or can't be changed, fails the nearest group. `from`: what they came from, in a few words.
 */
export function withFurtherFailures(
  first: unknown,
  others: readonly unknown[],
  group: ScopeGroup | undefined,
  from: string,
): unknown {
  // Two that wait for the same thing throw the same error.
  const further = new Set(others)
  further.delete(first)
  if (further.size === 0) return first
  if (!isError(first) || !addTo(first, further)) {
    for (const error of further) reportLost(error, group, from)
  }
  return first
}

function addTo(first: Error, further: ReadonlySet<unknown>): boolean {
  const { suppressed = [] } = first as { suppressed?: unknown }
  // A SuppressedError has a field of that name, for another purpose.
  if (!Array.isArray(suppressed)) return false
  return Reflect.defineProperty(first, 'suppressed', {
    value: [...(suppressed as unknown[]), ...further],
    configurable: true,
    enumerable: true,
    writable: true,
  })
}

function rethrow(error: unknown): never {
  throw error
}
