import { show } from '../../concurrency/scope/arguments.ts'

/**
 * A path: told at once, and in the same words everywhere. `action`: what could not be done, as in "open".
 *
 * @throws TypeError if it is no string, an empty one, or not to be a URL and one
 */
export function checkPath(action: string, path: unknown, orURL = false): void {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return
  if (orURL && path instanceof URL && path.protocol === 'file:') return
  const expected = orURL ? 'a path or a file: URL' : 'a path'
  const got = path instanceof URL ? String(path) : show(path)
  throw new TypeError(`Cannot ${action} ${got}: expected ${expected}`)
}
