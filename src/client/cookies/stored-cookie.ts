import type { Cookie } from 'tough-cookie'

/** A cookie as a jar has it. */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  /** The host that set it, or the domain that it is for. */
  readonly domain: string
  /** Whether it goes to that host alone, and not to those below it. */
  readonly hostOnly: boolean
  readonly path: string
  /** When it expires; undefined if it has no time of its own. */
  readonly expires: Date | undefined
  /** Whether it goes to secure origins alone. */
  readonly secure: boolean
  readonly httpOnly: boolean
  /** As it was said; it has no meaning where there are no pages. */
  readonly sameSite: string | undefined
}

export function storedCookie(cookie: Cookie): StoredCookie {
  const time = cookie.expiryTime() ?? Infinity
  return {
    name: cookie.key,
    value: cookie.value,
    domain: cookie.domain ?? '',
    hostOnly: cookie.hostOnly === true,
    path: cookie.path ?? '/',
    expires: Number.isFinite(time) ? new Date(time) : undefined,
    secure: cookie.secure,
    httpOnly: cookie.httpOnly,
    sameSite: cookie.sameSite,
  }
}
