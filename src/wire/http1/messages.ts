/**
 * What the parsers tell and the writers take.
 *
 * Fields are a flat list, `[name, value, name, value, …]`, in the order and the spelling in which they
 * came, values without the white space around them, each character one byte (latin1).
 */
export type FieldList = readonly string[]

/** How the end of a body is found (RFC 9112 §6.3). `tunnel`: HTTP ends here, what follows is opaque. */
export type Framing = 'none' | 'length' | 'chunked' | 'until-close' | 'tunnel'

/** The minor version of HTTP/1; anything else is refused. */
export type MinorVersion = 0 | 1

export interface RequestHead {
  readonly method: string
  /** As sent: origin-form, absolute-form, authority-form or `*`. */
  readonly target: string
  readonly minorVersion: MinorVersion
  readonly fields: FieldList
  /** `none` also for a length of 0. */
  readonly framing: 'none' | 'length' | 'chunked'
  /** With framing `length` only; otherwise 0. */
  readonly contentLength: number
  /**
   * The host that the request is for, with its port if that was sent: the authority of an absolute-form
   * target, or else the value of the one `Host` field. Undefined in HTTP/1.0 only.
   */
  readonly host: string | undefined
  /** Whether the connection may be used again after this message (RFC 9112 §9.3); never after a CONNECT. */
  readonly keepAlive: boolean
  /** Whether the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1). */
  readonly expectContinue: boolean
  /** The value of `Upgrade`, if `Connection` names it too, and the version is 1.1. */
  readonly upgrade: string | undefined
  /** The first `Content-Type`, if it was found on the way: undefined says nothing. */
  readonly contentType?: string | undefined
}

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly minorVersion: MinorVersion
  readonly fields: FieldList
  readonly framing: Framing
  /** With framing `length` only; otherwise 0. */
  readonly contentLength: number
  readonly keepAlive: boolean
  /** Values that most recipients look for, found on the way: the first `Content-Type`. */
  readonly contentType: string | undefined
  /** All `Content-Encoding` values, as one list. */
  readonly contentEncoding: string | undefined
  /** The first `Keep-Alive`. */
  readonly keepAliveTerms: string | undefined
  /** The first `Location`. */
  readonly location: string | undefined
  /** Whether there is a `Set-Cookie`. */
  readonly setsCookies: boolean
}

/**
 * Where a request parser tells what it has read. All are called synchronously from `feed()`.
 * For one message: `head`, `body` any number of times, `end`.
 */
export interface RequestEvents {
  head(head: RequestHead): void
  /** A view into the bytes that were fed: theirs who fed them. */
  body(bytes: Uint8Array): void
  /** `trailers` is empty unless the body was chunked and had some. */
  end(trailers: FieldList): void
}

/** As `RequestEvents`; `informational` comes any number of times (bounded) before `head`. */
export interface ResponseEvents {
  /** A 1xx response other than 101. */
  informational(head: ResponseHead): void
  head(head: ResponseHead): void
  body(bytes: Uint8Array): void
  end(trailers: FieldList): void
}
