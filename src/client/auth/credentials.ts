/** What `Authorization` says, and how the option `auth` says it. */

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

// RFC 6750 §2.1: token68.
const tokenSyntax = /^[A-Za-z0-9._~+/-]+=*$/
const control = /\p{Cc}/u

/** The value of `Authorization`. Throws TypeError for what can't be said in it. */
export function authorization(credentials: Credentials): string {
  if ('token' in credentials) {
    // Not shown: messages go into logs.
    if (!tokenSyntax.test(credentials.token)) {
      throw new TypeError(
        'Cannot send this as a bearer token: it has other characters than tokens have',
      )
    }
    return `Bearer ${credentials.token}`
  }
  return basic(credentials.username, credentials.password)
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
