/**
 * Where an error goes that no caller awaits: to the nearest open group, which fails with it, so that
 * it reaches whoever awaits the group. Where there is none it is an uncaught exception of the process.
 */
import type { ScopeGroup } from './owners.ts'

/** Hands `error` to the nearest open group around. `from`: what it came from, in a few words. */
export function reportLost(error: unknown, group: ScopeGroup | undefined, from: string): void {
  let nearest = group
  while (nearest !== undefined && !nearest.take(error, from)) nearest = nearest.outer
  if (nearest === undefined) queueMicrotask(() => rethrow(error))
}

function rethrow(error: unknown): never {
  throw error
}
