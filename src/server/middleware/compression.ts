import { compressChunks, compressNow, type ContentCoding } from '../../http/compressed-chunks.ts'
import { appendVary } from '../messages/vary.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerResponse } from '../messages/server-response.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import {
  anExpression,
  aText,
  atLeast,
  type Checks,
  checkSettings,
  listOf,
  optional,
} from '../option-checks.ts'

export interface CompressionOptions {
  /** Which ones, the best first: among those that a client likes as well. Default zstd, br, gzip. */
  codings?: readonly ContentCoding[]
  /** Bodies that are shorter are sent as they are, in bytes. Default 1,024: less fits one packet. */
  threshold?: number
  /** Which content types get smaller. Default: texts, JSON, XML, scripts, SVG, WebAssembly and the like. */
  types?: RegExp
}

const known: readonly ContentCoding[] = ['zstd', 'br', 'gzip']

const checks: Checks<CompressionOptions> = {
  codings: optional(listOf(aText, 'codings')),
  threshold: optional(atLeast(0)),
  types: optional(anExpression),
}

const compressible =
  /^(?:text\/|application\/(?:json|javascript|xml|xhtml|wasm|x-ndjson|rtf|graphql|sql|manifest)|image\/(?:svg|bmp|x-icon|vnd\.microsoft\.icon)|font\/(?:ttf|otf|collection)|application\/(?:vnd\.ms-fontobject|x-font-ttf)|[\w.-]+\/[\w.-]+\+(?:json|xml|text|yaml))/i

// Up to this many bytes it takes no longer than to hand it to another thread and back.
const synchronousLimit = 32_768
const pieceSize = 65_536

/**
 * Compresses what gets smaller by it, with the coding that the client likes best. Streams are
 * compressed chunk by chunk, and each chunk arrives when it is made. What is compressed already, a part
 * of something, or marked `no-transform` is left alone; a strong `ETag` becomes a weak one.
 *
 * Costs a request 60 to 80 µs for a page of 8 KB, and less than 1 µs for what is left as it is
 * (`npm run bench -- middleware`); a long body or a stream costs a compressor while it is sent.
 *
 * A page that holds a secret beside what an attacker can put into it must not be compressed: the
 * length would tell the secret (BREACH). Mark it `cache-control: no-transform`.
 *
 * Throws TypeError for a coding that there is not.
 *
 * @example
 * ```ts
 * const app = new Application()
 *   .use(compression())
 *   .get('/', () => text('Hello, world! '.repeat(200)))
 * const request = new Request('http://localhost/', { headers: { 'accept-encoding': 'gzip, br' } })
 * console.log((await app.fetch(request)).headers.get('content-encoding')) // br
 * ```
 */
export function compression(options: CompressionOptions = {}): ServerMiddleware {
  checkSettings('compression()', options, checks)
  const { codings = known, threshold = 1_024, types = compressible } = options
  for (const coding of codings) {
    if (known.includes(coding)) continue
    throw new TypeError(`Unknown content coding "${coding}": expected ${known.join(', ')}`)
  }
  return (request, next) => {
    request.onResponse((response) => {
      if (!fits(response, threshold, types)) return
      appendVary(response.headers, 'Accept-Encoding')
      const coding = chosen(request.headers.get('accept-encoding'), codings)
      if (coding !== undefined) compress(response, request, coding)
    })
    return next(request)
  }
}

function fits(response: ServerResponse, threshold: number, types: RegExp): boolean {
  const { status, body } = response
  // RFC 9110 §14.4: a range is one of the representation as it is.
  if (body === null || status === 204 || status === 206 || status === 304) return false
  if (lengthOf(response) < threshold) return false
  const { headers } = response
  if (!types.test(headers.get('content-type') ?? '')) return false
  return !(
    headers.has('content-encoding') ||
    headers.has('content-range') ||
    // RFC 9530: they are of the bytes as they are.
    headers.has('content-digest') ||
    headers.has('repr-digest') ||
    /\bno-transform\b/i.test(headers.get('cache-control') ?? '')
  )
}

/** In bytes; Infinity if it is not known. */
function lengthOf({ body, touchedHeaders }: ServerResponse): number {
  if (body === null) return 0
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (body instanceof Uint8Array || body instanceof ArrayBuffer) return body.byteLength
  if (body instanceof Blob) return body.size
  const given = touchedHeaders?.get('content-length') ?? null
  return given !== null && /^\d{1,15}$/.test(given) ? Number(given) : Infinity
}

function compress(response: ServerResponse, request: ServerRequest, coding: ContentCoding): void {
  const { headers } = response
  const streamed = lengthOf(response) === Infinity
  headers.set('content-encoding', coding)
  headers.delete('content-length')
  // Ranges of what is made anew each time could not be put together.
  headers.delete('accept-ranges')
  const tag = headers.get('etag')
  if (tag?.startsWith('"') === true) headers.set('etag', `W/${tag}`)
  const { body } = response
  const bytes = body instanceof ArrayBuffer ? new Uint8Array(body) : body
  if (typeof bytes === 'string' || bytes instanceof Uint8Array) {
    // To HEAD only the fields are sent, without a length that nobody knows yet.
    const now = bytes.length <= synchronousLimit && request.method !== 'HEAD'
    const whole = typeof bytes === 'string' && !now ? Buffer.from(bytes) : bytes
    response.body = now
      ? compressNow(coding, whole)
      : compressChunks(coding, pieces(whole as Uint8Array), false)
  } else if (bytes instanceof Blob) {
    response.body = compressChunks(coding, bytes.stream(), false)
  } else if (bytes !== null) response.body = compressChunks(coding, bytes, streamed)
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.byteLength; at += pieceSize) yield bytes.subarray(at, at + pieceSize)
}

const item = /^([\w*-]+)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i

/** RFC 9110 §12.5.3; undefined: as it is. Without the field too: who says nothing may be very old. */
function chosen(
  field: string | null,
  codings: readonly ContentCoding[],
): ContentCoding | undefined {
  if (field === null) return undefined
  const qualities = new Map<string, number>()
  for (const part of field.split(',')) {
    const match = item.exec(part.trim())
    if (match === null) continue
    const name = (match[1] as string).toLowerCase().replace(/^x-gzip$/, 'gzip')
    qualities.set(name, Number(match[2] ?? 1))
  }
  const quality = (name: string): number => qualities.get(name) ?? qualities.get('*') ?? 0
  let best: ContentCoding | undefined
  for (const coding of codings) {
    if (quality(coding) > (best === undefined ? 0 : quality(best))) best = coding
  }
  // Who names "identity" and likes it better gets it.
  return best !== undefined && (qualities.get('identity') ?? 0) > quality(best) ? undefined : best
}
