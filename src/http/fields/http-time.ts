/**
 * Times in header fields (RFC 9110 §5.6.7), to the second: the preferred form, and the two older ones
 * that a recipient has to understand.
 */
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const preferred = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/i
const rfc850 = /^[a-z]{6,9}, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/i
const asctime = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i

/** `Sun, 06 Nov 1994 08:49:37 GMT` of milliseconds since 1970. Throws RangeError for what is no time. */
export function formatHTTPTime(time: number): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) throw new RangeError(`Invalid time ${time}`)
  return date.toUTCString()
}

/** Milliseconds since 1970; undefined for anything that is not one of the three forms. */
export function parseHTTPTime(text: string): number | undefined {
  const now = preferred.exec(text)
  if (now !== null) return timeOf(now[3], now[2], now[1], now.slice(4))
  const old = rfc850.exec(text)
  if (old !== null) {
    // RFC 9110 §5.6.7: more than 50 years ahead means the century before.
    const thisYear = new Date().getUTCFullYear()
    const year = thisYear - (thisYear % 100) + Number(old[3])
    return timeOf(String(year > thisYear + 50 ? year - 100 : year), old[2], old[1], old.slice(4))
  }
  const c = asctime.exec(text)
  return c === null ? undefined : timeOf(c[6], c[1], c[2], c.slice(3, 6))
}

function timeOf(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  clock: readonly string[],
): number | undefined {
  const [hour = 0, minute = 0, second = 0] = clock.map(Number)
  const monthIndex = months.indexOf(String(month).toLowerCase())
  const dayNumber = Number(day)
  // 60 is a leap second.
  if (monthIndex === -1 || hour > 23 || minute > 59 || second > 60) return undefined
  const time = Date.UTC(Number(year), monthIndex, dayNumber, hour, minute, second)
  const date = new Date(time)
  // The 31st of a month that has none is no day.
  const sameDay = dayNumber > 0 && (date.getUTCDate() === dayNumber || second === 60)
  return sameDay ? time : undefined
}
