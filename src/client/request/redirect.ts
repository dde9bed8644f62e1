import { HeaderFields } from '../../http/header-fields.ts'
import type { ResponseHead } from '../../wire/http1/messages.ts'
import { RedirectError } from '../errors.ts'
import { resolveReference } from '../url/resolve-reference.ts'
import type { ClientRequest } from './client-request.ts'

const redirects = new Set([301, 302, 303, 307, 308])
// What belongs to an origin, and is nobody else's business.
const secrets = ['authorization', 'cookie', 'proxy-authorization']
const describing = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
]

/** The request that a response asks for (RFC 9110 §15.4), or undefined if it asks for none. */
export function nextHop(
  request: ClientRequest,
  head: ResponseHead,
  history: readonly string[],
): ClientRequest | undefined {
  if (!redirects.has(head.status) || request.redirect === 'manual') return undefined
  const location = new HeaderFields(head.fields).get('location')
  if (location === null) return undefined
  const { status } = head
  const { url } = request
  const refuse = (why: string): RedirectError =>
    new RedirectError(
      `Refused to follow the redirect from ${url} to "${location}": ${why}`,
      status,
      url,
      location,
    )
  if (request.redirect === 'error') throw refuse('redirects are not allowed')
  if (history.length >= request.maxRedirects) {
    throw refuse(`there were ${request.maxRedirects} redirects before it, which is the limit`)
  }
  const hash = url.indexOf('#')
  const target = resolveReference(url, location)
  // RFC 9110 §10.2.2: without a fragment of its own it inherits ours.
  const next = target.includes('#') || hash < 0 ? target : target + url.slice(hash)
  if (!/^https?:\/\//i.test(next)) throw refuse('only http and https are followed')
  if (/^https:/i.test(url) && /^http:/i.test(next)) throw refuse('it leads from https to http')
  return hop(request, status, next, refuse)
}

function hop(
  request: ClientRequest,
  status: number,
  url: string,
  refuse: (why: string) => RedirectError,
): ClientRequest {
  const headers = HeaderFields.from(request.headers)
  let { method, body } = request
  const toGet =
    (status === 303 && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST')
  if (toGet) {
    method = 'GET'
    body = undefined
    for (const name of describing) headers.delete(name)
  } else if (body !== undefined && !body.replayable) {
    throw refuse('the body was sent and can’t be sent again')
  }
  if (originOf(request.url) !== originOf(url)) {
    for (const name of [...secrets, ...request.secretHeaders]) headers.delete(name)
  }
  return { ...request, method, body, headers, url }
}

function originOf(url: string): string {
  return new URL(url).origin
}
