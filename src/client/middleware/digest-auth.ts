/**
 * Digest authentication (RFC 7616). The first request is answered with a challenge and sent again;
 * those that follow bring their answer with them, until the server wants a new nonce.
 */
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import { HeaderFields } from '../../http/header-fields.ts'
import { parseChallenges } from '../auth/challenges.ts'
import { type BasicCredentials, checkBasic } from '../auth/credentials.ts'
import { checkKinds, type Kinds } from '../../util/option-kinds.ts'
import { type DigestRequest, DigestSession } from '../auth/digest.ts'
import { readAway } from '../call/read-away.ts'
import type { ClientRequest } from '../request/client-request.ts'
import type { ClientResponse } from '../response/client-response.ts'
import type { ClientMiddleware } from '../session-options.ts'
import { URLReader } from '../url/request-url.ts'
import { resolveReference } from '../url/resolve-reference.ts'

export interface DigestAuthOptions extends BasicCredentials {
  /**
   * The one origin that is answered, as `https://example.com`: an answer tells others enough to guess
   * the password from. Default: that of the first request.
   */
  origin?: string | undefined
  /** Whether requests bring an answer along once a challenge is known. Default true. */
  preemptive?: boolean | undefined
}

const kinds: Kinds<DigestAuthOptions> = {
  username: 'text',
  password: 'text',
  origin: 'any',
  preemptive: 'boolean',
}

/**
 * A middleware that answers the digest challenges of one origin.
 *
 * @example
 * ```ts no-run
 * const digest = digestAuth({ username: 'ada', password: 'secret' })
 * await using session = new ClientSession({ baseUrl: 'https://example.com', middleware: [digest] })
 * ```
 *
 * Cancellation: as the request's.
 *
 * @throws TypeError for an option that makes no sense
 */
export function digestAuth(options: DigestAuthOptions): ClientMiddleware {
  checkKinds(options, kinds, 'digestAuth()')
  checkBasic(options, 'digestAuth()')
  const { username, password, preemptive = true } = options
  const urls = new URLReader()
  let origin = options.origin === undefined ? undefined : urls.read(options.origin).origin.href
  let current: DigestSession | undefined

  function answered(request: ClientRequest, session: DigestSession): ClientRequest | undefined {
    const { target } = urls.read(request.url)
    const { method, body } = request
    const about: DigestRequest = { method, target, body: wholeOf(body) }
    const answer = session.answer(about, { username, password })
    if (answer === undefined) return undefined
    const headers = HeaderFields.from(request.headers)
    headers.set('Authorization', answer)
    return { ...request, headers }
  }

  return async (request, next) => {
    const url = urls.read(request.url)
    origin ??= url.origin.href
    if (url.origin.href !== origin || request.headers.has('authorization')) return next(request)
    const ahead = preemptive && current !== undefined && covers(current, request.url, origin)
    const used = ahead ? current : undefined
    const response = await next((used && answered(request, used)) ?? request)
    if (used !== undefined) renew(used, response)
    if (response.status !== 401) return response
    const asked = DigestSession.from(parseChallenges(response.headers.getAll('www-authenticate')))
    if (asked === undefined) return response
    // RFC 7616 §3.4: all that answer one nonce are counted together, also those that were sent at once.
    const session = current?.nonce === asked.nonce ? current : asked
    // Refused with an answer to this very nonce: the name or the password is not right.
    if (used !== undefined && used.nonce === asked.nonce) return response
    const again = answered(request, session)
    if (again === undefined) return response
    // One that waited for the server's word is there still.
    const { unsent } = response.exchange
    if (!unsent && request.body !== undefined && !request.body.replayable) return response
    current = session
    await readAway(response)
    const second = await next(again)
    renew(session, second)
    return second
  }
}

// RFC 7616 §3.5.
function renew(session: DigestSession, response: ClientResponse): void {
  const info = response.headers.get('authentication-info')
  const found = /(?:^|[,\s])nextnonce="([^"\\]*)"/i.exec(info ?? '')
  if (found?.[1] !== undefined) session.renew(found[1])
}

// RFC 7616 §3.3: what begins with one of the URIs, or all of the origin.
function covers({ domain }: DigestSession, url: string, origin: string): boolean {
  if (domain.length === 0) return true
  return domain.some((one) => url.startsWith(resolveReference(`${origin}/`, one)))
}

function wholeOf(body: OutgoingBody | undefined): string | Uint8Array | undefined {
  if (body === undefined) return ''
  if (body.kind === 'text') return body.text
  return body.kind === 'bytes' ? body.bytes : undefined
}
