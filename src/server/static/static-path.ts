/**
 * Which file a path of a URL means. Whatever could mean another file than it says, here or on another
 * system, means none: the same path finds the same file everywhere, and never one outside the root.
 */

/** Whether names that begin with a dot are served. */
export type Dotfiles = 'deny' | 'allow'

// "/", "\" and NUL that were encoded: whoever sends them wants a segment to be more than one.
const encodedSeparator = /%(?:2f|5c|00)/i
// Control characters; "\" separates folders on Windows, and ":" a drive or a stream of a file.
const neverInName = /[\p{Cc}\\:]/u
// Windows opens a device for these, with whatever ending.
const deviceName = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)[ .]*(?:\.|$)/i

/**
 * The names of the folders and the file, in order: the last is empty if the path ends in a slash.
 * Undefined if the path means no file.
 *
 * `path` is decoded, and relative to the root; `raw` is what the client sent.
 */
export function staticPath(
  path: string,
  raw: string,
  dotfiles: Dotfiles = 'deny',
): string[] | undefined {
  if (encodedSeparator.test(raw)) return undefined
  if (path === '') return ['']
  const names = path.split('/')
  const safe = names.every((name, index) =>
    name === '' ? index === names.length - 1 : isSafeName(name, dotfiles),
  )
  return safe ? names : undefined
}

function isSafeName(name: string, dotfiles: Dotfiles): boolean {
  if (name === '.' || name === '..') return false
  if (dotfiles === 'deny' && name.startsWith('.')) return false
  // Windows drops blanks and dots at the end of a name.
  return !neverInName.test(name) && !/[ .]$/.test(name) && !deviceName.test(name)
}
