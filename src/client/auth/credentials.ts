/** What `Authorization` says, and how the option `auth` says it. */

import { checkKinds, type Kinds } from '../../util/option-kinds.ts'

/** Name and password, sent with each request (RFC 7617). */
export interface BasicCredentials {
  readonly username: string
  readonly password: string
}

/** A token, sent with each request (RFC 6750). */
export interface BearerToken {
  readonly token: string
}

export type Credentials = BasicCredentials | BearerToken

const kinds: Kinds<BasicCredentials & BearerToken> = {
  username: 'any',
  password: 'any',
  token: 'any',
}

// RFC 6750 §2.1: token68.
const tokenSyntax = /^[A-Za-z0-9._~+/-]+=*$/
const control = /\p{Cc}/u

const hint = 'expected { username, password } or { token }'

/** The value of `Authorization`. Throws TypeError for what can't be said in it. */
export function authorization(credentials: Credentials): string {
  checkKinds(credentials, kinds, '"auth"')
  if ('token' in credentials) {
    if ('username' in credentials || 'password' in credentials) {
      throw new TypeError(`Cannot use both a token and a password as "auth": ${hint}`)
    }
    // Not shown: messages go into logs.
    if (typeof credentials.token !== 'string' || !tokenSyntax.test(credentials.token)) {
      throw new TypeError(
        'Cannot send this as a bearer token: it has other characters than tokens have',
      )
    }
    return `Bearer ${credentials.token}`
  }
  checkBasic(credentials, '"auth"')
  return basic(credentials.username, credentials.password)
}

/** Throws TypeError if there is no name or no password. `owner`: whose they are. */
export function checkBasic({ username, password }: BasicCredentials, owner: string): void {
  if (typeof username === 'string' && typeof password === 'string') return
  // Not shown: messages go into logs.
  throw new TypeError(`Cannot use ${owner} without a name and a password: ${hint}`)
}

/** `Basic` with name and password as UTF-8, whatever they are (RFC 7617 §2.1). */
export function basic(username: string, password: string): string {
  // The first colon ends the name.
  if (username.includes(':')) {
    throw new TypeError('Cannot send a user name with a colon by basic authentication')
  }
  if (control.test(username) || control.test(password)) {
    throw new TypeError('Cannot send control characters in a user name or password')
  }
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
