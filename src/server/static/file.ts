/**
 * A file as the answer to a request: what of it is wanted, whether the client has it already, and in
 * which form it is best sent.
 */
import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { type ByteRange, parseByteRanges } from '../../http/fields/byte-ranges.ts'
import { attachmentNamed } from '../../http/fields/content-disposition.ts'
import { formatHTTPTime } from '../../http/fields/http-time.ts'
import { rangeApplies, type ResourceState } from '../../http/fields/preconditions.ts'
import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import { errnoOf } from '../../io/errors.ts'
import type { FileReader } from '../../io/files/reader/file-reader.ts'
import { HTTPError } from '../messages/http-error.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import { ServerResponse } from '../messages/server-response.ts'
import { FileBody, type FilePart } from './file-body.ts'
import { mediaTypeOf } from './media-type.ts'
import { openVariant, type Variant } from './variants.ts'

export interface FileOptions {
  /** The `Content-Type`. Default: by the extension of the name; of text in UTF-8. */
  type?: string
  /** Makes browsers save it, under this name or, if true, under its own. Default false. */
  download?: boolean | string
  /** The `Cache-Control`. Default: none, so that clients ask again when they see fit. */
  cacheControl?: string
  /**
   * Whether `name.br`, `name.zst` or `name.gz` is sent instead to a client that understands it. Looking
   * costs up to three more calls to the system for each request. Default false.
   */
  precompressed?: boolean
  /** More fields, or others in the place of those that are made here. */
  headers?: HeadersInput
}

/** @internal What `files()` knows besides. */
export interface FileSource extends FileOptions {
  /** Whether `path` itself may be a symbolic link. */
  followLink?: boolean
}

// What is as short as this is read at once, sent with its head in one write, and closed.
const wholeLimit = 65_536

/**
 * Answers with a file, to `GET` and `HEAD` with all that HTTP has for files: `ETag` and `Last-Modified`,
 * 304 and 412 by the request's conditions, 206 with one range or several, `If-Range`, 416. At most
 * 64 KiB of it are in memory at a time.
 *
 * The tag is a strong one, made of the time of the last change and the size: a file must not be changed
 * in a way that leaves both as they were. What it is changed to while it is sent is not seen, except
 * that it became shorter: then the connection ends before the promised length.
 *
 * The path is opened as it is: never make it of what a client sent; for that there is `files()`.
 *
 * Cancellation: the file is closed. So it is when the client leaves, and when the request is over.
 *
 * Throws `HTTPError` 404 for what is no regular file or is not there, and 403 if it may not be read.
 *
 * @example
 * ```ts no-run
 * const app = new Application().get('/report', (request) =>
 *   file(request, 'reports/2026.pdf', { download: 'Report 2026.pdf' }),
 * )
 * ```
 */
export async function file(
  request: ServerRequest,
  path: string,
  options: FileOptions = {},
): Promise<ServerResponse> {
  return sendFile(request, path, options)
}

/** @internal */
export async function sendFile(
  request: ServerRequest,
  path: string,
  options: FileSource,
): Promise<ServerResponse> {
  let variant: Variant
  try {
    variant = await openVariant(request, path, options)
  } catch (error) {
    throw openingFailed(error)
  }
  const { reader } = variant
  let kept = false
  try {
    if (reader.kind !== 'file') throw new HTTPError(404)
    const response = await respond(request, variant, path, options)
    kept = response.body instanceof FileBody
    return response
  } finally {
    if (!kept) await reader.close()
  }
}

async function respond(
  request: ServerRequest,
  { reader, coding }: Variant,
  path: string,
  options: FileOptions,
): Promise<ServerResponse> {
  const state = {
    etag: `"${reader.modified.toString(36)}-${reader.size.toString(36)}${coding === undefined ? '' : `-${coding}`}"`,
    lastModified: reader.modified,
  }
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const precondition = reads ? request.precondition(state) : undefined
  const headers = headersFor(state, path, coding, options)
  if (precondition !== undefined) {
    // RFC 9110 §15.4.5: of the fields of a 200, those that say how to keep it.
    for (const name of ['cache-control', 'vary']) {
      const value = headers.get(name)
      if (value !== null) precondition.headers.set(name, value)
    }
    return precondition
  }
  const { size } = reader
  const ranges = wantedRanges(request, state, size)
  if (ranges !== undefined && ranges.length === 0) {
    // RFC 9110 §15.5.17: how long it is helps the client to ask better.
    throw new HTTPError(416, undefined, { headers: { 'content-range': `bytes */${size}` } })
  }
  if (ranges !== undefined && ranges.length > 1)
    return severalParts(request, reader, ranges, headers)
  const [range = { start: 0, end: size }] = ranges ?? []
  if (ranges !== undefined) {
    headers.set('content-range', `bytes ${range.start}-${range.end - 1}/${size}`)
  }
  const status = ranges === undefined ? 200 : 206
  headers.set('content-length', String(range.end - range.start))
  if (request.method === 'HEAD') return new ServerResponse(null, { status, headers })
  const body =
    range.end - range.start <= wholeLimit
      ? await reader.read(range.start, range.end)
      : new FileBody(reader, [range], request.scope)
  return new ServerResponse(body, { status, headers })
}

function headersFor(
  { etag, lastModified }: Required<Pick<ResourceState, 'etag' | 'lastModified'>>,
  path: string,
  coding: string | undefined,
  options: FileOptions,
): HeaderFields {
  const { type, download = false, cacheControl, precompressed, headers } = options
  const fields = new HeaderFields()
  fields.set('content-type', type ?? mediaTypeOf(path))
  fields.set('etag', String(etag))
  fields.set('last-modified', formatHTTPTime(Number(lastModified)))
  fields.set('accept-ranges', 'bytes')
  // A file that says text is not to be run as a script because it looks like one.
  fields.set('x-content-type-options', 'nosniff')
  if (coding !== undefined) fields.set('content-encoding', coding)
  if (precompressed === true) fields.set('vary', 'accept-encoding')
  if (cacheControl !== undefined) fields.set('cache-control', cacheControl)
  if (download !== false) {
    fields.set(
      'content-disposition',
      attachmentNamed(download === true ? basename(path) : download),
    )
  }
  for (const [name, value] of HeaderFields.from(headers)) fields.set(name, value)
  return fields
}

// RFC 9110 §14.2: ranges are defined for GET alone.
function wantedRanges(
  { method, headers }: ServerRequest,
  state: ResourceState,
  size: number,
): readonly ByteRange[] | undefined {
  const range = method === 'GET' ? headers.get('range') : null
  if (range === null || !rangeApplies(headers, state)) return undefined
  return parseByteRanges(range, size)
}

// RFC 9110 §14.6: each part has its own type and place, between boundaries.
function severalParts(
  request: ServerRequest,
  reader: FileReader,
  ranges: readonly ByteRange[],
  headers: HeaderFields,
): ServerResponse {
  // Of 96 random bits: that the file has it is as unlikely as that anybody guesses it.
  const boundary = randomBytes(12).toString('hex')
  const type = headers.get('content-type')
  const parts: FilePart[] = []
  let length = 0
  for (const { start, end } of ranges) {
    const head = `\r\n--${boundary}\r\ncontent-type: ${type}\r\ncontent-range: bytes ${start}-${end - 1}/${reader.size}\r\n\r\n`
    parts.push(head, { start, end })
    length += Buffer.byteLength(head) + end - start
  }
  const tail = `\r\n--${boundary}--\r\n`
  parts.push(tail)
  headers.set('content-type', `multipart/byteranges; boundary=${boundary}`)
  headers.set('content-length', String(length + tail.length))
  return new ServerResponse(new FileBody(reader, parts, request.scope), { status: 206, headers })
}

// What a client may know of why a file can't be had.
function openingFailed(error: unknown): unknown {
  const code = error instanceof Error ? errnoOf(error) : undefined
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'EISDIR':
    case 'ENXIO':
      return new HTTPError(404)
    case 'EACCES':
    case 'EPERM':
      return new HTTPError(403)
    case undefined:
    default:
      return error
  }
}
