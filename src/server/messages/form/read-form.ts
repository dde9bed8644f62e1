// From a request to its form.
import { type ContentType, parseContentType } from '../../../http/content-type.ts'
import { HTTPError } from '../http-error.ts'
import { refuseCoded } from '../request/request-body.ts'
import type { ReadableRequest } from '../readable-request.ts'
import { Form } from './form.ts'
import { defaultMultipartLimits, Multipart, type MultipartLimits, type Part } from './multipart.ts'
import { UploadedFile } from './uploaded-file.ts'

// A file up to this size stays in memory: as much as a hundred requests may well hold at a time.
const memoryLimit = 262_144

const urlencoded = 'application/x-www-form-urlencoded'
const multipart = 'multipart/form-data'

/** The parts of the request's form. Throws `HTTPError` 415 or 400 at once, TypeError for the limits. */
export function multipartOf(
  request: ReadableRequest,
  limits: MultipartLimits,
): AsyncGenerator<Part, void> {
  refuseCoded(request)
  const type = typeOf(request)
  if (type?.type !== multipart) throw new HTTPError(415, `Expected a body of type ${multipart}`)
  // RFC 2046 §5.1.1: of 1 to 70 characters, of which none is above ASCII.
  const boundary = type.parameters.get('boundary') ?? ''
  if (!/^[\x20-\x7e]{1,70}$/.test(boundary)) {
    throw new HTTPError(400, 'The content type of the form has no boundary that is one')
  }
  return new Multipart(request.body, boundary, checkLimits(limits)).parts()
}

/** All of the form, in either encoding. `limit` is for the whole. */
export async function formOf(
  request: ReadableRequest,
  limit: number,
  readText: () => Promise<string>,
): Promise<Form> {
  refuseCoded(request)
  const type = typeOf(request)?.type
  if (type === urlencoded) return new Form(await readText())
  if (type !== multipart) {
    throw new HTTPError(415, `Expected a body of type ${urlencoded} or ${multipart}`)
  }
  if (request.head.contentLength > limit) {
    throw new HTTPError(413, `The form is longer than the ${limit} bytes allowed`)
  }
  const form = new Form()
  const limits = { ...defaultMultipartLimits, size: limit, fileSize: limit, fieldSize: limit }
  for await (const part of multipartOf(request, limits)) {
    if (part.filename === undefined) form.append(part.name, await part.text())
    else form.addFile(await UploadedFile.receive(part, memoryLimit, request.scope))
  }
  return form
}

function typeOf(request: ReadableRequest): ContentType | undefined {
  return parseContentType(request.headers.get('content-type'))
}

function checkLimits(given: MultipartLimits): Required<MultipartLimits> {
  const limits = { ...defaultMultipartLimits }
  for (const [name, value] of Object.entries(given)) {
    if (!(name in limits)) {
      const names = Object.keys(limits).join(', ')
      throw new TypeError(`Unknown limit "${name}" of a form: expected one of ${names}`)
    }
    if (value === undefined) continue
    if (!(value >= 0)) {
      throw new RangeError(`Invalid limit "${name}" of ${value}: expected 0 or more`)
    }
    Object.assign(limits, { [name]: value })
  }
  return limits
}
