import type { HeadersInput, HeaderFields } from '../../http/header-fields.ts'
import { type BodyInput, outgoingBody, type OutgoingBody } from '../../http/outgoing-body.ts'
import type { Timeouts } from '../timeouts.ts'
import { formString, type QueryInput } from '../url/query.ts'
import type { TimeoutOptions } from '../timeouts.ts'

/** What to do with a redirect: go there, give it to the caller, or throw. */
export type RedirectMode = 'follow' | 'manual' | 'error'

export interface RequestOptions {
  headers?: HeadersInput
  /** Added to the URL's own query. */
  query?: QueryInput
  /** Sent as it is, without a content type of its own but for strings and Blobs. */
  body?: BodyInput
  /** Sent as JSON. */
  json?: unknown
  /** Sent as `application/x-www-form-urlencoded`. */
  form?: QueryInput
  /** A number is the total, in milliseconds. What is left out is the session's. */
  timeout?: number | TimeoutOptions
  /** Default `follow`. */
  redirect?: RedirectMode
  /** Default 10. */
  maxRedirects?: number
  /** Names of headers that go to no other origin, beside `Authorization`, `Cookie` and their kin. */
  secretHeaders?: readonly string[]
  /** Whether gzip, deflate, br and zstd are asked for and undone. Default true. */
  decompress?: boolean
  /** How many bytes a body may have, after decompression. Default: no limit. */
  maxResponseSize?: number
  /** Cancels the request as well as its scope does. */
  signal?: AbortSignal
  /** Whether a status of 400 and above is thrown as `ResponseError`. Default false. */
  raiseForStatus?: boolean
}

/** One request as middlewares see it and may change it. */
export interface ClientRequest {
  method: string
  /** Absolute. */
  url: string
  headers: HeaderFields
  body: OutgoingBody | undefined
  timeouts: Timeouts
  redirect: RedirectMode
  maxRedirects: number
  secretHeaders: readonly string[]
  decompress: boolean
  maxResponseSize: number
  raiseForStatus: boolean
}

/** The body that the options ask for, with the content type that goes with it. */
export function bodyOf(
  options: RequestOptions,
): { body: OutgoingBody; type: string | undefined } | undefined {
  const { body, json, form } = options
  const given = [body, json, form].filter((one) => one !== undefined).length
  if (given === 0) return undefined
  if (given > 1)
    throw new TypeError('Cannot send "body", "json" and "form" together: give one of them')
  if (json !== undefined) {
    const text = JSON.stringify(json) as string | undefined
    if (text === undefined) throw new TypeError(`Cannot send a ${typeof json} as JSON`)
    return { body: outgoingBody(text), type: 'application/json' }
  }
  if (form !== undefined) {
    return { body: outgoingBody(formString(form)), type: 'application/x-www-form-urlencoded' }
  }
  const type =
    typeof body === 'string'
      ? 'text/plain; charset=utf-8'
      : body instanceof Blob && body.type !== ''
        ? body.type
        : undefined
  return { body: outgoingBody(body as BodyInput), type }
}
