/**
 * When a URL is tried again, and after how long. Pure: the randomness and the time of day are given.
 */

// RFC 9110 §9.2.2: what may be sent twice without asking.
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

// The first wait, doubled each time: long enough for a process to be restarted behind its proxy
// after a few, short enough not to be noticed after one.
const firstBackoff = 250
const longestBackoff = 30_000
// Asked to wait longer than this, we take the answer as final: the run would stand for one URL.
const longestRetryAfter = 120_000

/** Whether a request with this method may be repeated. */
export function isIdempotent(method: string): boolean {
  return idempotent.has(method)
}

/**
 * Whether an answer with this status says "try again": 5xx, 408 (RFC 9110 §15.5.9) and 429
 * (RFC 6585 §4).
 */
export function isTransient(status: number): boolean {
  return status >= 500 || status === 408 || status === 429
}

/**
 * How long to wait before attempt `attempts + 1`, in milliseconds: exponential, half of it random so
 * that those who failed together do not come back together. `random` is from 0 to 1.
 */
export function backoff(attempts: number, random: number): number {
  const full = Math.min(firstBackoff * 2 ** (attempts - 1), longestBackoff)
  return full * (0.5 + random / 2)
}

/**
 * How long `Retry-After` asks for, in milliseconds: seconds or a date (RFC 9110 §10.2.3). Undefined
 * without one that can be read. `timeOfDay` is in milliseconds since 1970.
 */
export function parseRetryAfter(value: string | null, timeOfDay: number): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // `Date.parse` reads nearly anything, so that at least the form of a date is asked for.
  if (!/^[A-Z][a-z]+,? .*\d{2}:\d{2}:\d{2}/.test(text)) return undefined
  // The obsolete asctime form names no zone and is GMT all the same (RFC 9110 §5.6.7).
  const date = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(date) ? undefined : Math.max(0, date - timeOfDay)
}

/**
 * How long to wait before the answer is asked for again: what the server asks for, and never less
 * than the backoff. Undefined if the server asks for longer than a run can wait.
 */
export function delayBeforeRetry(
  attempts: number,
  random: number,
  retryAfter: number | undefined,
): number | undefined {
  if (retryAfter !== undefined && retryAfter > longestRetryAfter) return undefined
  return Math.max(retryAfter ?? 0, backoff(attempts, random))
}
