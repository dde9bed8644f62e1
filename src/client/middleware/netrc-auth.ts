import { HeaderFields } from '../../http/header-fields.ts'
import { homeFile, readWhole } from '../../io/files/whole-file.ts'
import { basic } from '../auth/credentials.ts'
import { Netrc } from '../auth/netrc.ts'
import { shown } from '../../util/option-kinds.ts'
import type { ClientMiddleware } from '../session-options.ts'
import { URLReader } from '../url/request-url.ts'

/**
 * A middleware that takes names and passwords from a `.netrc` file, by host. It is read once, with the
 * first request. A request with an `Authorization` of its own goes as it is.
 *
 * `path`: default, what `NETRC` in the environment says, or `.netrc` in the home of the user.
 *
 * Cancellation: as the request's.
 *
 * @throws What the system says if the file can't be read; none if it is not there
 */
export function netrcAuth(path?: string): ClientMiddleware {
  if (path !== undefined && (typeof path !== 'string' || path === '')) {
    throw new TypeError(`Cannot use ${shown(path)} as the path of a .netrc file: expected a string`)
  }
  const urls = new URLReader()
  let known: Netrc | undefined
  return async (request, next) => {
    if (request.headers.has('authorization')) return next(request)
    if (known === undefined) {
      const text = await readWhole(path ?? process.env['NETRC'] ?? homeFile('.netrc'))
      known = Netrc.parse(text ?? '')
    }
    const found = known.find(urls.read(request.url).origin.hostname)
    if (found === undefined) return next(request)
    const headers = HeaderFields.from(request.headers)
    headers.set('Authorization', basic(found.username, found.password))
    return next({ ...request, headers })
  }
}
