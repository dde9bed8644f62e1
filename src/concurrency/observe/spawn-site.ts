/**
 * Where tasks were spawned, for messages and the task tree. Capturing a stack costs several
 * microseconds, so it is off unless `captureSpawnSites()` is in force.
 */

let captures = 0

// Frames of Spool itself tell nobody anything: the site is the first one outside.
const spool = new URL('../../', import.meta.url).pathname

// Deep enough to get out of Spool: `createTask()` and the pool put a handful of frames on top.
const depth = 12

/** Remembers for each task where it was spawned, until what is returned is disposed of. */
export function captureSpawnSites(): Disposable {
  captures++
  let on = true
  return {
    [Symbol.dispose]() {
      if (on) captures--
      on = false
    },
  }
}

/** @internal The stack of here, if spawn sites are captured. */
export function captureSite(): Error | undefined {
  if (captures === 0) return undefined
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = depth
  const stack = new Error('spawned')
  Error.stackTraceLimit = before
  return stack
}

/** The first place outside Spool in a captured stack: `fetchAll (file:///app/crawl.ts:12:9)`. */
export function siteOf(stack: Error): string {
  const frames = (stack.stack ?? '').split('\n').slice(1)
  const site = frames.find((frame) => !frame.includes(spool)) ?? frames[0] ?? ''
  return site.trim().replace(/^at (?:async )?/, '')
}
