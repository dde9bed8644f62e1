// What a handler does that takes two seconds: it asks an upstream again and again.
import { setTimeout } from 'node:timers/promises'

export const interval = 50
export const times = 40

/** Of all handlers of one server. */
export interface Polling {
  running: number
  /** How often the upstream was asked. */
  polls: number
}

/** With what the platform has: `signal` stops it, where the handler hands one on. */
export async function poll(
  counts: Polling,
  upstream: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = signal === undefined ? {} : { signal }
  counts.running++
  try {
    for (let at = 0; at < times; at++) {
      await setTimeout(interval, undefined, options)
      counts.polls++
      await (await fetch(`http://127.0.0.1:${upstream}/`, options)).text()
    }
  } finally {
    counts.running--
  }
}
