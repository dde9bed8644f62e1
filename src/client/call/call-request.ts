/** What a call asks for: the half of it that knows the request, and how it is written. */
import type { HeadersInput } from '../../http/header-fields.ts'
import type { ClientHost } from '../connection/client-host.ts'
import { withCookies } from '../cookies/message-cookies.ts'
import type { ClientRequest } from '../request/client-request.ts'
import { madeOf } from '../request/made-request.ts'
import { methodFrom } from '../request/method.ts'
import { isRedirect } from '../request/redirect.ts'
import type { RequestContent } from '../request/request-content.ts'
import type { Framed } from '../request/request-heads.ts'
import type { RequestSettings } from '../request/request-options.ts'
import { hrefOf, type RequestURL } from '../url/request-url.ts'
import type { Sending } from './sending.ts'

export abstract class CallRequest {
  /** In upper case, if it is one of the standard ones. */
  readonly method: string
  protected readonly sending: Sending
  protected readonly settings: RequestSettings
  protected url: RequestURL | undefined = undefined
  protected headers: HeadersInput | undefined = undefined
  protected content: RequestContent | undefined = undefined
  /** The request as a whole, once it is needed: by middlewares, and from the first redirect on. */
  protected request: ClientRequest | undefined = undefined

  constructor(sending: Sending, method: string, settings: RequestSettings) {
    this.method = methodFrom(method)
    this.sending = sending
    this.settings = settings
  }

  /** @internal */
  asRequest(): ClientRequest {
    if (this.request !== undefined) return this.request
    const parts = { url: this.url as RequestURL, headers: this.headers, content: this.content }
    this.request = madeOf(parts, this.method, this.settings, this.sending.heads)
    return this.request
  }

  protected get href(): string {
    return this.request?.url ?? (this.url === undefined ? '' : hrefOf(this.url))
  }

  /** Where a response leads, if that is to be followed, or refused. */
  protected leadsTo(status: number, location: string | undefined | null): string | undefined {
    if (status < 300 || !isRedirect(status)) return undefined
    return this.settings.redirect === 'manual' ? undefined : (location ?? undefined)
  }

  /** The head. `request`: in the place of that of the call; one that was changed, or a redirect. */
  protected framed(url: RequestURL, host: ClientHost, request: ClientRequest | undefined): Framed {
    const { heads, cookies } = this.sending
    let cookie = ''
    if (cookies !== undefined && !cookies.empty) cookie = cookies.lineFor(url.origin, url.target)
    const suits = heads.suits(this.settings, cookie) && url.userInfo === undefined
    if (request === undefined && suits) {
      const target = host.prefix + url.target
      const lines = host.linesWith(cookie)
      const { headers, content } = this
      if (headers === undefined && content === undefined) {
        return heads.plain(this.method, target, lines)
      }
      const framed = heads.extended(this.method, target, lines, headers, content)
      if (framed !== undefined) return framed
    }
    const { method, headers, body } = request ?? this.asRequest()
    return heads.written(method, url, withCookies(headers, cookie), body, host)
  }
}
