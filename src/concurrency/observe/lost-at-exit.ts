/**
 * Errors outside of every scope that nobody has come for: no task and no group ends there, so the last
 * chance to tell of them is when the program has nothing more to do.
 */
import process from 'node:process'

/** What is told, once, when nothing is left that could happen in the process. */
const waiting = new Set<() => void>()

/** Calls `tell` then, unless the function that it returns is called before. */
export function atStandstill(tell: () => void): () => void {
  if (waiting.size === 0) process.on('beforeExit', tellAll)
  waiting.add(tell)
  return () => {
    waiting.delete(tell)
    if (waiting.size === 0) process.off('beforeExit', tellAll)
  }
}

function tellAll(): void {
  for (const tell of waiting) tell()
}
