/**
 * What a handler answers. The header fields are made when somebody touches them: until then there is
 * at most a content type, and the head of such a response is written without a list.
 */
import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import type { BodyInput } from '../../http/outgoing-body.ts'
import { type CookieOptions, formatSetCookie, isSameCookie } from '../../http/fields/set-cookie.ts'
import { currentRequest } from './current-request.ts'

export interface ServerResponseOptions {
  /** Default 200. */
  status?: number
  headers?: HeadersInput
  /** The `Content-Type`, unless `headers` has one. */
  type?: string
}

export class ServerResponse {
  /** What is sent after the head; null for nothing. May be replaced by a middleware. */
  body: BodyInput | null
  /**
   * Gives the fields that follow a streamed body, when its end is known. They are sent behind a chunked
   * body alone: not to HTTP/1.0, not with a `content-length`, and not by `app.fetch()`.
   */
  trailers: (() => HeadersInput) | undefined
  #status: number
  #type: string | undefined
  #headers: HeaderFields | undefined

  /** Throws RangeError for a status outside 200 to 599, TypeError for headers that can't be sent. */
  constructor(body: BodyInput | null = null, options: ServerResponseOptions = noOptions) {
    this.body = body
    this.trailers = undefined
    this.#status = options.status === undefined ? 200 : checkStatus(options.status)
    this.#type = options.type
    this.#headers = undefined
    if (options.headers !== undefined) {
      this.#headers = HeaderFields.from(options.headers)
      if (options.type !== undefined && !this.#headers.has('content-type')) {
        this.#headers.set('content-type', options.type)
      }
    }
  }

  get status(): number {
    return this.#status
  }

  set status(status: number) {
    this.#status = checkStatus(status)
  }

  get headers(): HeaderFields {
    if (this.#headers === undefined) {
      this.#headers = new HeaderFields()
      if (this.#type !== undefined) this.#headers.set('content-type', this.#type)
    }
    return this.#headers
  }

  /**
   * Sets a cookie in the browser: for this host and all paths, out of the reach of scripts and of other
   * sites, and over TLS alone, unless the request that is being handled came without. The value is
   * percent-encoded. A cookie of the same name, domain and path that was set before is replaced.
   *
   * Throws TypeError for a name or options that browsers refuse, RangeError over 4,096 bytes.
   */
  setCookie(name: string, value: string, options: CookieOptions = {}): this {
    const secure = currentRequest()?.secure ?? true
    const field = formatSetCookie(name, value, options, secure)
    const { headers } = this
    const others = headers.getSetCookie().filter((other) => !isSameCookie(other, field))
    headers.delete('set-cookie')
    for (const one of [...others, field]) headers.append('set-cookie', one)
    return this
  }

  /** Makes the browser forget a cookie. `path` and `domain` have to be those that it was set with. */
  deleteCookie(name: string, options: Omit<CookieOptions, 'maxAge' | 'expires'> = {}): this {
    return this.setCookie(name, '', { ...options, maxAge: 0 })
  }

  /** @internal The fields, if somebody touched them: then they alone count, and `plainType` does not. */
  get touchedHeaders(): HeaderFields | undefined {
    return this.#headers
  }

  /** @internal */
  get plainType(): string | undefined {
    return this.#type
  }
}

const noOptions: ServerResponseOptions = {}

function checkStatus(status: number): number {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status
  throw new RangeError(`Invalid status ${status}: 200 to 599 is allowed`)
}
