/** What is read of a request's fields and of its body, whatever keeps them. */
import {
  preferredEncoding,
  preferredLanguage,
  preferredType,
} from '../../http/fields/negotiation.ts'
import type { ResourceState } from '../../http/fields/preconditions.ts'
import type { HeaderFields } from '../../http/header-fields.ts'
import type { IncomingBody } from '../../http/incoming-body.ts'
import type { Scope } from '../../concurrency/scope/scope.ts'
import type { RequestHead } from '../../wire/http1/messages.ts'
import type { Form } from './form/form.ts'
import type { MultipartLimits, Part } from './form/multipart.ts'
import { formOf, multipartOf } from './form/read-form.ts'
import { preconditionResponse } from './request/precondition-response.ts'
import { readBody, readText } from './request/request-body.ts'
import type { ServerResponse } from './server-response.ts'

export abstract class ReadableRequest {
  abstract readonly method: string
  abstract readonly headers: HeaderFields
  abstract readonly body: IncomingBody
  /** @internal */
  abstract readonly head: RequestHead
  /** @internal */
  abstract readonly bodyLimit: number
  /** @internal */
  abstract readonly scope: Scope | undefined

  /**
   * Of the media types offered, such as `'text/html'`, the one that the client prefers; of equals the
   * first. Undefined if it takes none of them: 406, or what is there nevertheless.
   */
  accepts<T extends string>(...types: readonly T[]): T | undefined {
    return preferredType(this.headers.get('accept'), types)
  }

  /** As `accepts()`, of languages: `request.acceptsLanguages('en', 'pt-BR')`. */
  acceptsLanguages<T extends string>(...languages: readonly T[]): T | undefined {
    return preferredLanguage(this.headers.get('accept-language'), languages)
  }

  /**
   * As `accepts()`, of content codings. A response that depends on it says so by `Vary`. `identity` is
   * preferred to what the client does not name.
   */
  acceptsEncodings<T extends string>(...encodings: readonly T[]): T | undefined {
    return preferredEncoding(this.headers.get('accept-encoding'), encodings)
  }

  /**
   * Evaluates `If-Match`, `If-None-Match`, `If-Modified-Since` and `If-Unmodified-Since` against what
   * there is, in the order of RFC 9110 §13.2.2. Gives the response to answer with: 304 to a client that
   * has it already, 412 if its condition does not hold; undefined to go on. Before a change to what
   * does not exist yet, give `exists: false`.
   *
   * @example
   * ```ts
   * const app = new Application().get('/report', (request) => {
   *   const state = { etag: '"v7"', lastModified: Date.UTC(2026, 0, 1) }
   *   return request.precondition(state) ?? text('…', { headers: { etag: state.etag } })
   * })
   * ```
   */
  precondition(state: ResourceState): ServerResponse | undefined {
    return preconditionResponse(this, state)
  }

  /**
   * The body, whole. May be called again, and mixed with `text()`, `json()` and `form()`.
   *
   * Throws `HTTPError` 413 if it is longer than the limit.
   *
   * Cancellation: what was not read is dropped, and the connection ends after the response.
   */
  bytes(): Promise<Uint8Array> {
    return readBody(this, (body, limit) => body.bytes(limit))
  }

  /**
   * As `bytes()`, decoded by the charset of its content type, by default UTF-8. 415 if it is not known, or
   * if the body is compressed, which `bytes()` and `body` leave as it is.
   *
   * Cancellation: as that of `bytes()`.
   */
  text(): Promise<string> {
    return readText(this)
  }

  /**
   * A form, `application/x-www-form-urlencoded` or `multipart/form-data`, as a whole: its fields, and
   * apart from them its files, of which those above 256 KiB lie on the disk until the request is over.
   *
   * Throws `HTTPError` 415 for a body of another type or a compressed one, 413 if all of it is longer than the limit of
   * `json()` and `text()` or has more than 100 parts or 20 files, 400 if it is malformed or cut off.
   *
   * Cancellation: what was read is dropped, and files are removed.
   */
  form(): Promise<Form> {
    return formOf(this, this.bodyLimit, () => readBody(this, (body, limit) => body.text(limit)))
  }

  /**
   * The parts of a `multipart/form-data` body one by one, as they come, for what is larger than memory:
   * nothing is read of the connection that was not asked for. Parts without a name are passed over.
   *
   * Throws `HTTPError` 415 or 400 if it is no such form; its parts throw 413 above a limit, and 400 for
   * what is malformed or cut off.
   *
   * Cancellation: the loop is left, which abandons the rest of the body.
   *
   * @example
   * ```ts
   * const app = new Application().post('/upload', async (request) => {
   *   let size = 0
   *   for await (const part of request.multipart({ fileSize: 1e9, size: 2e9 })) {
   *     for await (const chunk of part) size += chunk.byteLength
   *   }
   *   return json({ size })
   * })
   * ```
   */
  multipart(limits: MultipartLimits = {}): AsyncGenerator<Part, void> {
    return multipartOf(this, limits)
  }
}
