/** Cookies as clients send them (RFC 6265 §5.4), read as leniently as browsers write them. */

// As many as the largest head can hold that is worth anything to a handler; browsers send 180 at most.
const mostCookies = 256

/**
 * The cookies of a `Cookie` field. Of several with one name the first counts: that is the one with the
 * longest path. Values are percent-decoded where that is possible, and lose the quotes around them.
 */
export function parseCookies(field: string | null): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  if (field === null) return cookies
  let equals = field.indexOf('=')
  // Behind the last "=" nothing has a name.
  for (let at = 0; equals !== -1 && at < field.length && cookies.size < mostCookies;) {
    const semicolon = field.indexOf(';', at)
    const end = semicolon === -1 ? field.length : semicolon
    // Looked for only when the one that was found is passed: a long field is read once.
    if (equals < at) equals = field.indexOf('=', at)
    // Browsers send a cookie without a name as its value alone.
    if (equals !== -1 && equals < end) {
      const name = field.slice(at, equals).trim()
      if (name !== '' && !cookies.has(name)) {
        cookies.set(name, cookieValue(field.slice(equals + 1, end).trim()))
      }
    }
    at = end + 1
  }
  return cookies
}

function cookieValue(text: string): string {
  const quoted = text.length > 1 && text.startsWith('"') && text.endsWith('"')
  const value = quoted ? text.slice(1, -1) : text
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
