import { type BodyInput, outgoingBody, type OutgoingBody } from '../../http/outgoing-body.ts'
import { Multipart } from '../../http/multipart.ts'
import { FileSource } from '../../io/files/file-source.ts'
import { formString, type QueryInput } from '../url/query.ts'
import { compressedBody } from './compressed-body.ts'
import { withProgress } from './upload-progress.ts'
import type { RequestOptions } from './request-options.ts'

/** A body, with the content type that goes with it. */
export interface RequestContent {
  readonly body: OutgoingBody
  readonly type: string | undefined
}

// RFC 9110 §9.3: what a body with these means nobody has said, and to some it is the next request. (With TRACE
// it is forbidden, whoever sends it, and refused where the head is written.)
const bodyless = new Set(['GET', 'HEAD'])

/**
 * What the options say is sent; undefined if that is nothing. Throws TypeError if they say two things, or the
 * method has no body.
 */
export function contentOf(options: RequestOptions, method: string): RequestContent | undefined {
  let content = plainContentOf(options)
  if (content !== undefined && bodyless.has(method)) {
    throw new TypeError(
      `Cannot send a body with ${method}: expected a method that has one, as POST`,
    )
  }
  const { compress, onUploadProgress } = options
  if (content !== undefined && compress !== undefined) {
    content = { type: content.type, body: compressedBody(content.body, compress) }
  }
  if (content === undefined || onUploadProgress === undefined) return content
  return { type: content.type, body: withProgress(content.body, onUploadProgress) }
}

function plainContentOf({ body, json, form }: RequestOptions): RequestContent | undefined {
  if (body === undefined && json === undefined && form === undefined) return undefined
  if ([body, json, form].filter((one) => one !== undefined).length > 1) {
    throw new TypeError('Cannot send more than one of "body", "json" and "form"')
  }
  const parts = multipartOf(body) ?? multipartOf(form)
  if (parts !== undefined) return parts
  if (body !== undefined) return { body: outgoingBody(body as BodyInput), type: typeOf(body) }
  if (json !== undefined) {
    const text = JSON.stringify(json) as string | undefined
    if (text === undefined) throw new TypeError(`Cannot send a ${typeof json} as JSON`)
    return { body: outgoingBody(text), type: 'application/json' }
  }
  return {
    body: outgoingBody(formString(form as QueryInput)),
    type: 'application/x-www-form-urlencoded',
  }
}

function multipartOf(input: unknown): RequestContent | undefined {
  if (input instanceof FormData) return Multipart.from(input)
  return input instanceof Multipart ? input : undefined
}

function typeOf(body: unknown): string | undefined {
  if (typeof body === 'string') return 'text/plain; charset=utf-8'
  if (!(body instanceof Blob) && !(body instanceof FileSource)) return undefined
  return body.type === '' ? undefined : body.type
}
