/**
 * Fetches a file, and goes on where an earlier attempt has stopped (RFC 9110 §14, `Range`).
 *
 * What came is kept as `<path>.part`, and beside it, in `<path>.part.json`, what it is a part of: the URL
 * and the validator that the server gave. Only if both are still the same is the rest asked for, under
 * `If-Range`, and taken only if it comes with that validator, so that a file is never put together from two.
 */
import { BusyResourceError } from '../../concurrency/errors.ts'
import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import { PartFile } from '../../io/files/part-file.ts'
import { readWhole, removeFile, replaceFile } from '../../io/files/whole-file.ts'
import { ProtocolError } from '../../wire/errors.ts'
import { checkKinds, shown } from '../../util/option-kinds.ts'
import { responseError } from '../call/read-away.ts'
import type { RequestOptions } from '../request/request-options.ts'
import type { ClientResponse } from '../response/client-response.ts'
import type { ResponsePromise } from '../response/response-promise.ts'
import { queryString, withQuery } from '../url/query.ts'
import { saveBody } from '../response/save.ts'

export interface DownloadOptions extends Omit<RequestOptions, 'body' | 'json' | 'form'> {
  /** Whether what came stays where it breaks off, and is gone on with the next time. Default true. */
  resume?: boolean | undefined
}

export interface Download {
  /** Of the whole file. */
  readonly bytes: number
  /** How many of them were there before. */
  readonly resumedAt: number
  /** 200, or 206 where it was gone on with. */
  readonly status: number
  readonly headers: HeaderFields
}

interface Origin {
  readonly url: string
  /** A strong entity tag, or a date; null if the server gave none: it can't be gone on with then. */
  readonly validator: string | null
}

type Known = Origin & { readonly validator: string }

type Send = (method: string, url: string, options: RequestOptions) => ResponsePromise

/** What `ClientSession.download()` does. The URL is absolute. */
export async function download(
  send: Send,
  given: string,
  path: string,
  options: DownloadOptions,
): Promise<Download> {
  checkDownload(path, options)
  const { resume = true, query, ...request } = options
  const url = query === undefined ? given : withQuery(given, queryString(query))
  checkHeaders(request.headers)
  using taken = PartFile.take(path)
  if (taken === undefined) {
    throw new BusyResourceError(
      `Cannot download to ${JSON.stringify(path)}: another download to it is not over`,
    )
  }
  const size = await PartFile.sizeOf(path)
  const origin = await readOrigin(path)
  // What is not ours is left alone; nothing can be kept then.
  const foreign = origin === null || (origin === undefined && size !== undefined)
  if (!resume || foreign || Number.isNaN(size)) {
    await using response = await send('GET', url, { ...request, raiseForStatus: false })
    if (response.status !== 200) throw await responseError(response)
    const bytes = await saveBody(response.body, path)
    return { bytes, resumedAt: 0, status: 200, headers: response.headers }
  }
  const known = size !== undefined && size > 0 && origin?.url === url ? knownOf(origin) : undefined
  const from = known === undefined ? 0 : (size as number)
  const first = await attempt(send, url, path, request, from, known)
  // It is longer than what there is now, or the rest is that of another file: begin again.
  return first ?? ((await attempt(send, url, path, request, 0, undefined)) as Download)
}

function knownOf({ url, validator }: Origin): Known | undefined {
  return validator === null ? undefined : { url, validator }
}

function checkDownload(path: string, options: DownloadOptions): void {
  if (typeof path !== 'string' || path === '') {
    throw new TypeError(`Cannot download to ${shown(path)}: expected a path`)
  }
  const { resume } = options
  if (resume !== undefined) checkKinds({ resume }, { resume: 'boolean' }, 'download()')
  for (const name of ['body', 'json', 'form']) {
    if (name in options) throw new TypeError(`Cannot use "${name}" as an option of download()`)
  }
}

// A part of the file would have the name of the whole.
function checkHeaders(headers: HeadersInput | undefined): void {
  const range = HeaderFields.from(headers).get('range')
  if (range === null) return
  throw new TypeError(
    `Cannot download with the header Range ${JSON.stringify(range)}: expected none, the whole file is fetched`,
  )
}

// Undefined if there is nothing behind what there is, or not of the same file.
async function attempt(
  send: Send,
  url: string,
  path: string,
  options: RequestOptions,
  from: number,
  origin: Known | undefined,
): Promise<Download | undefined> {
  const headers = HeaderFields.from(options.headers)
  // A range of a compressed file is of no use.
  headers.set('Accept-Encoding', 'identity')
  if (origin !== undefined) {
    headers.set('Range', `bytes=${from}-`)
    headers.set('If-Range', origin.validator)
  }
  const settings = { ...options, headers, decompress: false, raiseForStatus: false }
  const response = await send('GET', url, settings)
  await using _ = response
  if (response.status === 416 && from > 0) {
    return isOther(response.headers, origin) ? undefined : await endsAt(response, path, from)
  }
  if (response.status !== 200 && response.status !== 206) throw await responseError(response)
  const range = response.status === 206 ? rangeOf(response, from) : undefined
  if (range !== undefined && origin !== undefined && !isOf(response.headers, origin)) {
    return undefined
  }
  const at = range === undefined ? 0 : from
  const validator = validatorOf(response.headers) ?? null
  if (at === 0) await writeOrigin(path, url, validator)
  const file = await PartFile.open(path, at)
  try {
    for await (const chunk of response.body) await file.write(chunk)
    if (range?.total !== undefined && file.size !== range.total) throw wrongRange(response)
    await file.finish()
  } catch (error) {
    const keep = at > 0 || validator !== null
    await file.leave(keep)
    if (!keep) await removeFile(originOf(path))
    throw error
  }
  await removeFile(originOf(path))
  return { bytes: file.size, resumedAt: at, status: response.status, headers: response.headers }
}

// RFC 9110 §15.5.17: nothing is behind what there is. If that is the whole length, it is all there.
async function endsAt(
  { headers }: ClientResponse,
  path: string,
  from: number,
): Promise<Download | undefined> {
  if (headers.get('content-range')?.trim() !== `bytes */${from}`) return undefined
  const file = await PartFile.open(path, from)
  await file.finish()
  await removeFile(originOf(path))
  return { bytes: from, resumedAt: from, status: 206, headers }
}

function rangeOf(response: ClientResponse, from: number): { total: number | undefined } {
  const given = response.headers.get('content-range') ?? ''
  const found = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(given.trim())
  const total = found?.[3] === '*' ? undefined : Number(found?.[3])
  const isRest = total === undefined || Number(found?.[2]) === total - 1
  if (found === null || Number(found[1]) !== from || !isRest) throw wrongRange(response)
  return { total }
}

function wrongRange({ method, url, headers }: ClientResponse): ProtocolError {
  const range = JSON.stringify(headers.get('content-range'))
  return new ProtocolError(
    'remote',
    `${method} ${url} failed: the range ${range} is not the one that was asked for, or has another length`,
    { statusHint: 502 },
  )
}

// RFC 9110 §13.1.5: a weak tag does not do. A date does where the clock of the server has moved on since.
function validatorOf(headers: HeaderFields): string | undefined {
  const tag = headers.get('etag')
  if (tag !== null) return /^"[^"]*"$/.test(tag) ? tag : undefined
  const modified = headers.get('last-modified')
  const age = Date.parse(headers.get('date') ?? '') - Date.parse(modified ?? '')
  return modified !== null && age >= 60_000 ? modified : undefined
}

// RFC 9110 §15.3.7.3: parts go together if they have the same strong validator. Not every server minds
// `If-Range`.
function isOf(headers: HeaderFields, { validator }: Known): boolean {
  return headers.get(fieldOf(validator)) === validator
}

// A 416 need not say of what it is.
function isOther(headers: HeaderFields, origin: Known | undefined): boolean {
  if (origin === undefined) return false
  return headers.has(fieldOf(origin.validator)) && !isOf(headers, origin)
}

function fieldOf(validator: string): string {
  return validator.startsWith('"') ? 'etag' : 'last-modified'
}

// Null for a file of somebody else.
async function readOrigin(path: string): Promise<Origin | undefined | null> {
  const text = await readWhole(originOf(path))
  if (text === undefined) return undefined
  try {
    const { url, validator } = JSON.parse(text) as Partial<Origin>
    const ours = typeof url === 'string' && (typeof validator === 'string' || validator === null)
    return ours ? { url, validator } : null
  } catch {
    return null
  }
}

// The part goes first and comes last: one without this beside it is not ours, and must not be gone on with.
async function writeOrigin(path: string, url: string, validator: string | null): Promise<void> {
  await PartFile.remove(path)
  await replaceFile(originOf(path), JSON.stringify({ url, validator }))
}

function originOf(path: string): string {
  return `${path}.part.json`
}
