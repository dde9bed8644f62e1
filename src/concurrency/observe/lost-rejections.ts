/**
 * Promises that are rejected and that nobody awaits. Left alone they end the process, and a promise
 * that a request left behind is no reason for that. Watched for as long as anybody runs who can be
 * told: a program, or a server.
 */
import process from 'node:process'
import { CancelledError } from '../errors.ts'
import { enclosingScope } from '../scope/context.ts'
import { reportLost } from '../scope/lost-errors.ts'
import type { ScopeGroup } from '../scope/owners.ts'

interface Watcher {
  /** Told of what has no group of its own; undefined: nobody is. */
  readonly group: ScopeGroup | undefined
}

const watchers = new Set<Watcher>()

/** Watches until the function that it returns is called. */
export function watchRejections(group?: ScopeGroup): () => void {
  const watcher: Watcher = { group }
  if (watchers.size === 0) process.on('unhandledRejection', onRejection)
  watchers.add(watcher)
  return () => {
    watchers.delete(watcher)
    if (watchers.size === 0) process.off('unhandledRejection', onRejection)
  }
}

// Node.js calls it in the context of the promise, which leads to the group that has to know.
function onRejection(error: unknown): void {
  // Being cancelled is no failure: what nobody awaits just stops.
  if (CancelledError.is(error)) return
  const program = [...watchers].find((watcher) => watcher.group !== undefined)?.group
  reportLost(error, enclosingScope()?.group ?? program, 'a promise that nobody awaited')
}
