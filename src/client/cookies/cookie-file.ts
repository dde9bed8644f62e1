/** Cookies in a file: JSON, one object for each, in tough-cookie's own form. */
import { Cookie } from 'tough-cookie'
import { readWhole, replaceFile } from '../../io/files/whole-file.ts'

const version = 1

// Sessions are in it: nobody else's business.
const mode = 0o600

export async function saveCookies(path: string, cookies: readonly Cookie[]): Promise<void> {
  const all = cookies.map((cookie) => cookie.toJSON())
  await replaceFile(path, JSON.stringify({ version, cookies: all }, undefined, 1), { mode })
}

/** Throws SyntaxError for what is not a file of `saveCookies()`; none for a file that is not there. */
export async function loadCookies(path: string): Promise<Cookie[]> {
  const text = await readWhole(path)
  if (text === undefined) return []
  const { version: found, cookies } = parsed(text, path) ?? {}
  if (found !== version || !Array.isArray(cookies)) throw unknownFormat(path)
  return cookies
    .map((one: unknown) => Cookie.fromJSON(one))
    .filter((cookie) => cookie !== undefined)
}

function parsed(text: string, path: string): { version?: unknown; cookies?: unknown } | null {
  try {
    return JSON.parse(text) as { version?: unknown; cookies?: unknown } | null
  } catch (error) {
    throw unknownFormat(path, { cause: error })
  }
}

function unknownFormat(path: string, options?: ErrorOptions): SyntaxError {
  return new SyntaxError(
    `Cannot load cookies from ${JSON.stringify(path)}: unknown format`,
    options,
  )
}
