// The kinds of response that a handler makes.
import { show } from '../../concurrency/scope/arguments.ts'
import type { BodyInput } from '../../http/outgoing-body.ts'
import { ServerResponse, type ServerResponseOptions } from './server-response.ts'

const plainText: ServerResponseOptions = { type: 'text/plain; charset=utf-8' }
const htmlText: ServerResponseOptions = { type: 'text/html; charset=utf-8' }
const jsonText: ServerResponseOptions = { type: 'application/json' }
const binary: ServerResponseOptions = { type: 'application/octet-stream' }

/** Plain text, as UTF-8. */
export function text(body: string, options?: ServerResponseOptions): ServerResponse {
  if (typeof body !== 'string') throw noText('text', body)
  return new ServerResponse(body, withDefault(options, plainText))
}

/** HTML, as UTF-8. */
export function html(body: string, options?: ServerResponseOptions): ServerResponse {
  if (typeof body !== 'string') throw noText('html', body)
  return new ServerResponse(body, withDefault(options, htmlText))
}

/** JSON. Throws TypeError for what JSON can't say. */
export function json(value: unknown, options?: ServerResponseOptions): ServerResponse {
  const body = JSON.stringify(value) as string | undefined
  if (body === undefined) {
    throw new TypeError(`Cannot answer ${typeof value} as JSON: expected a value that JSON can say`)
  }
  return new ServerResponse(body, withDefault(options, jsonText))
}

/** Bytes, by default as `application/octet-stream`. They are not copied. */
export function bytes(
  body: Uint8Array | ArrayBuffer,
  options?: ServerResponseOptions,
): ServerResponse {
  if (!(body instanceof Uint8Array) && !(body instanceof ArrayBuffer)) {
    throw new TypeError(
      `Cannot answer ${show(body)} as bytes: expected a Uint8Array or ArrayBuffer`,
    )
  }
  return new ServerResponse(body, withDefault(options, binary))
}

/**
 * Chunks as they are made, by default as `application/octet-stream`. The source is asked for the next
 * one when the client takes it, and ended when the client leaves. With a `content-length` among the
 * headers the body is held against it; without, it is sent chunked.
 */
export function stream(
  body: Exclude<BodyInput, string | Uint8Array | ArrayBuffer>,
  options?: ServerResponseOptions,
): ServerResponse {
  if (typeof body !== 'object' || body === null) {
    throw new TypeError(
      `Cannot stream ${show(body)}: expected an iterable, a ReadableStream or a Blob`,
    )
  }
  return new ServerResponse(body, withDefault(options, binary))
}

/** A head alone, by default 204. */
export function empty(
  status: number = 204,
  options?: Omit<ServerResponseOptions, 'status' | 'type'>,
): ServerResponse {
  return new ServerResponse(null, { ...options, status })
}

/** The statuses that send a client elsewhere. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308

/**
 * Sends the client to `location`: by default with 302; 303 makes any request a GET, 307 and 308 keep
 * its method and body. Characters that a URL can't have are percent-encoded.
 */
export function redirect(
  location: string | URL,
  status: RedirectStatus = 302,
  options?: Omit<ServerResponseOptions, 'status' | 'type'>,
): ServerResponse {
  if (![301, 302, 303, 307, 308].includes(status)) {
    throw new RangeError(`Invalid status ${status}: 301, 302, 303, 307 or 308 redirects`)
  }
  if (location === '' || (typeof location !== 'string' && !(location instanceof URL))) {
    throw new TypeError(`Cannot redirect to ${show(location)}: expected a URL or a path`)
  }
  const response = new ServerResponse(null, { ...options, status })
  response.headers.set('location', encodeLocation(String(location)))
  return response
}

function noText(kind: string, body: unknown): TypeError {
  return new TypeError(`Cannot answer ${show(body)} as ${kind}: expected a string`)
}

// Non-ASCII and blanks only: whoever made the URL encoded the rest as it should be.
function encodeLocation(location: string): string {
  return location.replaceAll(/[ "<>\\^`{|}\x80-\u{10ffff}]+/gu, encodeURIComponent)
}

function withDefault(
  options: ServerResponseOptions | undefined,
  standard: ServerResponseOptions,
): ServerResponseOptions {
  return options === undefined ? standard : { ...standard, ...options }
}
