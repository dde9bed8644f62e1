/** The headers that options ask for besides those that they name. */
import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import { authorization, type Credentials } from '../auth/credentials.ts'
import { cookieHeader } from '../cookies/cookie-header.ts'
import { withCookies } from '../cookies/message-cookies.ts'
import type { RequestOptions } from './request-options.ts'

const codings: readonly unknown[] = ['gzip', 'br', 'zstd']

/** The request's own headers. Throws TypeError for what can't be sent. */
export function headersOf(options: RequestOptions): HeadersInput | undefined {
  const { cookies, auth } = options
  const authorized = withAuth(withCoding(options), auth)
  if (cookies === undefined) return authorized
  return withCookies(HeaderFields.from(authorized), cookieHeader(cookies))
}

function withCoding(options: RequestOptions): HeadersInput | undefined {
  const { headers, compress, body, json, form } = options
  if (compress === undefined) return headers
  if (!codings.includes(compress)) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(compress)} as "compress": expected "gzip", "br" or "zstd"`,
    )
  }
  if (body === undefined && json === undefined && form === undefined) return headers
  const fields = HeaderFields.from(headers)
  if (fields.has('content-encoding')) {
    throw new TypeError('Cannot send both "compress" and a header "Content-Encoding"')
  }
  fields.append('Content-Encoding', compress)
  return fields
}

/** `headers` with credentials, if there are any. Throws TypeError if they say such themselves. */
export function withAuth(
  headers: HeadersInput | undefined,
  auth: Credentials | undefined,
): HeadersInput | undefined {
  if (auth === undefined) return headers
  const fields = HeaderFields.from(headers)
  if (fields.has('authorization')) {
    throw new TypeError('Cannot send both "auth" and a header "Authorization"')
  }
  fields.append('Authorization', authorization(auth))
  return fields
}
