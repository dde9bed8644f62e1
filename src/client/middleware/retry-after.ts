/**
 * How long `Retry-After` asks to wait, in milliseconds: seconds or a date (RFC 9110 §10.2.3). Undefined
 * without one that can be read. `timeOfDay` is in milliseconds since 1970.
 */
export function retryAfter(value: string | null, timeOfDay: number): number | undefined {
  const text = value?.trim() ?? ''
  // However many digits: what no calendar holds is over every limit.
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // `Date.parse` reads nearly anything, so that at least the form of a date is asked for.
  if (!/^[A-Z][a-z]+,? .*\d{2}:\d{2}:\d{2}/.test(text)) return undefined
  // The obsolete asctime form names no zone and is GMT all the same (RFC 9110 §5.6.7).
  const date = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(date) ? undefined : Math.max(0, date - timeOfDay)
}
