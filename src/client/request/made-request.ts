import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import type { FieldList } from '../../wire/http1/messages.ts'
import { hrefOf, type RequestURL } from '../url/request-url.ts'
import type { ClientRequest } from './client-request.ts'
import type { RequestContent } from './request-content.ts'
import type { RequestHeads } from './request-heads.ts'
import type { RequestSettings } from './request-options.ts'

/** What a caller has said of a request, taken apart already. */
export interface RequestParts {
  readonly url: RequestURL
  readonly headers: HeadersInput | undefined
  readonly content: RequestContent | undefined
}

/**
 * A request for middlewares that knows what it was made of. Most are passed on as they are, and what was
 * checked and taken apart once is then not read again.
 */
export class MadeRequest implements ClientRequest {
  method: string
  url: string
  headers: HeaderFields
  body: OutgoingBody | undefined
  settings: RequestSettings
  // Private, so that a copy (`{ ...request, url }`) has none of it.
  readonly #parts: RequestParts
  readonly #method: string
  readonly #url: string
  readonly #fields: FieldList
  readonly #settings: RequestSettings

  /** `headers`: of a list that is not theirs. */
  constructor(
    method: string,
    url: string,
    headers: HeaderFields,
    settings: RequestSettings,
    parts: RequestParts,
  ) {
    this.method = this.#method = method
    this.url = this.#url = url
    this.headers = headers
    this.body = parts.content?.body
    this.settings = this.#settings = settings
    this.#parts = parts
    this.#fields = headers.raw
  }

  /** What `request` was made of; undefined if it was changed since, or is one of somebody else. */
  static partsOf(request: ClientRequest): RequestParts | undefined {
    return #parts in request && request.#unchanged ? request.#parts : undefined
  }

  get #unchanged(): boolean {
    return (
      this.url === this.#url &&
      this.method === this.#method &&
      // Headers that share a list get one of their own when something is changed.
      this.headers.raw === this.#fields &&
      this.settings === this.#settings &&
      this.body === this.#parts.content?.body
    )
  }
}

/**
 * The request that `parts` say, with the headers of the session.
 *
 * @throws TypeError for headers that can't be sent
 */
export function madeOf(
  { url, headers, content }: RequestParts,
  method: string,
  settings: RequestSettings,
  heads: RequestHeads,
): MadeRequest {
  // A copy: it may be asked for again when the caller has changed them.
  const own = headers === undefined ? undefined : HeaderFields.from(headers)
  const merged = heads.merged(url, own, content?.type, settings)
  return new MadeRequest(method, hrefOf(url), merged, settings, { url, headers: own, content })
}
