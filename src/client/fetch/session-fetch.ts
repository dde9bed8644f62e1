/**
 * `fetch` (the web's standard, as far as it makes sense without a page) over the connections of a
 * session: for libraries that take a `fetch`.
 */
import { Multipart } from '../../http/multipart.ts'
import type { BodyInput as OurBodyInput } from '../../http/outgoing-body.ts'
import type { RequestOptions } from '../request/request-options.ts'
import type { ResponsePromise } from '../response/response-promise.ts'
import { fetchFailure, fetchResponse } from './fetch-response.ts'

/** What a library that takes a `fetch` asks for. */
export type Fetch = typeof globalThis.fetch

type Send = (method: string, url: string, options: RequestOptions) => ResponsePromise
type Init = Parameters<Fetch>[1]

// Fetch standard: the twenty-first is a network error.
const mostRedirects = 20

/** `resolve` makes a URL of the session absolute. */
export function sessionFetch(send: Send, resolve: (url: string) => string): Fetch {
  return async (input, init) => {
    const target = typeof input === 'string' ? resolve(input) : input
    // The platform checks method, headers, URL, mode and signal, in its own words.
    const request = new Request(target, withoutForm(init))
    const { method, signal, headers } = request
    // What is in the URL itself needs no connection.
    if (/^(?:data|blob):/i.test(request.url)) return globalThis.fetch(request)
    signal.throwIfAborted()
    const form = init?.body instanceof FormData ? Multipart.from(init.body) : undefined
    if (form !== undefined) headers.set('Content-Type', form.type)
    try {
      const response = await send(method, request.url, {
        headers,
        redirect: request.redirect,
        maxRedirects: mostRedirects,
        signal,
        body: form ?? bodyOf(init, request),
        raiseForStatus: false,
      })
      return fetchResponse(response)
    } catch (error) {
      throw fetchFailure(error, 'fetch failed')
    }
  }
}

// The platform would choose a boundary that it keeps to itself.
function withoutForm(init: Init): Init {
  return init?.body instanceof FormData ? { ...init, body: '' } : init
}

// What was given as a whole goes with its length; the platform would make a stream of it.
function bodyOf(init: Init, request: Request): OurBodyInput | undefined {
  const body: unknown = init?.body
  if (body === undefined || body === null) return request.body ?? undefined
  if (typeof body === 'string' || body instanceof Blob) return body
  if (body instanceof URLSearchParams) return body.toString()
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0))
  if (ArrayBuffer.isView(body)) {
    // A copy, as the standard says: the caller may go on with its own.
    return new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength).slice()
  }
  return request.body ?? undefined
}
