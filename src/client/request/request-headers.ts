/** The headers that options ask for besides those that they name. */
import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import { authorization, type Credentials } from '../auth/credentials.ts'
import { cookieHeader } from '../cookies/cookie-header.ts'
import { withCookies } from '../cookies/message-cookies.ts'
import type { RequestOptions } from './request-options.ts'

/** The request's own headers. Throws TypeError for what can't be sent. */
export function headersOf({ headers, cookies, auth }: RequestOptions): HeadersInput | undefined {
  const authorized = withAuth(headers, auth)
  if (cookies === undefined) return authorized
  return withCookies(HeaderFields.from(authorized), cookieHeader(cookies))
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
