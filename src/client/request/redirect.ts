/**
 * Where a redirect leads (RFC 9110 §15.4), and what of a request goes there.
 *
 * What belongs to one origin is not sent to another: credentials, cookies, and what the caller names.
 * It stays away then, even if a later redirect comes back.
 */
import { HeaderFields } from '../../http/header-fields.ts'
import { RedirectError } from '../errors.ts'
import type { Origin } from '../url/origin.ts'
import { URLReader } from '../url/request-url.ts'
import { resolveReference } from '../url/resolve-reference.ts'
import type { ClientRequest } from './client-request.ts'

const credentials = ['authorization', 'cookie', 'proxy-authorization']
// RFC 9110 §8: what describes a body goes with it.
const representation = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
]

/** Whether a response with this status asks to go elsewhere. 300 and 305 leave it to people. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/**
 * The request to make next. `followed`: how many redirects there were before. `unsent`: nothing of the body
 * was sent, so that there need not be a second one.
 *
 * @throws RedirectError if it must not be followed
 */
export function redirected(
  request: ClientRequest,
  status: number,
  location: string,
  followed: number,
  unsent = false,
): ClientRequest {
  const { url, settings } = request
  const refuse = (why: string): RedirectError =>
    new RedirectError(
      `Cannot follow the redirect from ${url} to ${JSON.stringify(location)}: ${why}`,
      status,
      url,
      location,
    )
  if (settings.redirect === 'error') throw refuse('redirects are not allowed')
  if (followed >= settings.maxRedirects) {
    throw refuse(`${settings.maxRedirects} were followed, which is the limit`)
  }
  // Who may come in is the caller's business: a server that names a user and a password is not to have them
  // sent, to itself or to another.
  const next = absolute(url, location).replace(/^(https?:\/\/)[^/?#\\]*@/i, '$1')
  if (!/^https?:/i.test(next)) throw refuse('only http and https are followed')
  const from = originOf(url)
  const to = originOf(next)
  if (from === undefined || to === undefined) throw refuse('it is not a URL')
  if (from.secure && !to.secure && !settings.allowInsecureRedirect) {
    throw refuse('it leads from https to http')
  }
  const headers = HeaderFields.from(request.headers)
  // It names the origin that was asked; each hop has its own.
  headers.delete('host')
  let { method, body } = request
  if (becomesGet(method, status)) {
    method = 'GET'
    body = undefined
    for (const name of representation) headers.delete(name)
  } else if (body !== undefined && !body.replayable && !unsent) {
    throw refuse('the body was sent already, and there is no second one')
  }
  if (from.href !== to.href) {
    for (const name of credentials) headers.delete(name)
    for (const name of settings.secretHeaders) headers.delete(name)
  }
  return { method, url: next, headers, body, settings }
}

// RFC 9110 §15.4.2 to §15.4.4: what browsers have always done, and what 303 is for.
function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD'
  return (status === 301 || status === 302) && method === 'POST'
}

function absolute(url: string, location: string): string {
  // Bytes beyond ASCII came as latin1; as they are, they would be encoded once more.
  const written = location.replaceAll(/[\x80-\xff]/g, (byte) => encodeByte(byte.charCodeAt(0)))
  const next = resolveReference(url, written)
  const hash = url.indexOf('#')
  // RFC 9110 §10.2.2: one without a fragment inherits that of the request.
  return next.includes('#') || hash < 0 ? next : next + url.slice(hash)
}

function originOf(url: string): Origin | undefined {
  try {
    return new URLReader().read(url).origin
  } catch {
    return undefined
  }
}

function encodeByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase()}`
}
