/** Cookies in the fields of a message. */
import { HeaderFields } from '../../http/header-fields.ts'
import type { FieldList } from '../../wire/http1/messages.ts'
import { joinCookies } from './cookie-header.ts'

/** Each `Set-Cookie`. */
export function cookiesIn(fields: FieldList): string[] {
  return new HeaderFields(fields).getSetCookie()
}

/**
 * `headers` with these cookies too, but for those that they have already: a copy, since what a request
 * says of itself stays as it is. There is one `Cookie` at most (RFC 6265 §5.4).
 */
export function withCookies(headers: HeaderFields, cookies: string): HeaderFields {
  if (cookies === '') return headers
  const all = HeaderFields.from(headers)
  all.set('Cookie', joinCookies(headers.getAll('cookie').join('; '), cookies))
  return all
}
