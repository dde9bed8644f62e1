import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import type { ContentCoding } from '../../http/compressed-chunks.ts'
import type { Multipart } from '../../http/multipart.ts'
import type { BodyInput } from '../../http/outgoing-body.ts'
import { checkTLS } from '../../io/socket/tls-options.ts'
import type { TLSOptions } from '../../io/transport.ts'
import type { Credentials } from '../auth/credentials.ts'
import type { CookieValues } from '../cookies/cookie-header.ts'
import { checkProxy, type ProxySetting } from '../connection/proxy/proxy-server.ts'
import { shown } from '../../util/option-kinds.ts'
import { defaultContinueWait } from '../exchange/expectation.ts'
import { defaultTimeouts, type TimeoutOptions, type Timeouts, timeoutsFrom } from '../timeouts.ts'
import type { TransferProgress } from './upload-progress.ts'
import type { QueryInput } from '../url/query.ts'

/** What to do with a redirect: go there, give it to the caller, or throw `RedirectError`. */
export type RedirectMode = 'follow' | 'manual' | 'error'

/** What a session and each of its requests may say. What a request leaves out is the session's. */
export interface SharedOptions {
  /** A number is the total, in milliseconds. */
  timeout?: number | TimeoutOptions | undefined
  /** Default `follow`. */
  redirect?: RedirectMode | undefined
  /** Redirects that are followed in a row. Default 10; one more is a `RedirectError`. */
  maxRedirects?: number | undefined
  /** Whether a redirect may lead from https to http. Default false. */
  allowInsecureRedirect?: boolean | undefined
  /**
   * Names of headers that are nobody's business but the origin's they are sent to, as `X-Api-Key`: a
   * redirect to another origin goes without them, as it does without `Authorization` and `Cookie`. A
   * request's are added to the session's.
   */
  secretHeaders?: readonly string[] | undefined
  /** Whether gzip, deflate, br, and from Node.js 24 on zstd, are asked for and undone. Default true. */
  decompress?: boolean | undefined
  /**
   * Bytes that a body may have, after decompression; more is `SPOOL_BODY_TOO_LARGE`. Default: no
   * limit but for bombs, which are bodies of more than 64 MiB that were 250 times smaller when they came.
   */
  maxResponseSize?: number | undefined
  /** Whether a status of 400 and above is thrown as `ResponseError`. Default false. */
  raiseForStatus?: boolean | undefined
  /**
   * Whether bodies wait until the server says that it wants them (`Expect: 100-continue`): a body that is
   * refused by the head alone, or sent elsewhere, is then not sent in vain. A number is how long it waits
   * before it is sent all the same, in milliseconds; true is 1,000. Default false.
   */
  expectContinue?: boolean | number | undefined
  /** For https. Keep the object and use it again: connections are shared by those who share it. */
  tls?: TLSOptions | undefined
  /**
   * Through what it is sent: the URL of a proxy, its options, `environment` for what `HTTP_PROXY` and its like
   * say, `false` for none. Default: none.
   */
  proxy?: ProxySetting | undefined
}

export interface RequestOptions extends SharedOptions {
  /** Sent as `Authorization`, in the place of the session's; not to another origin by a redirect. */
  auth?: Credentials | undefined
  /** In the place of the session's of the same names. */
  headers?: HeadersInput | undefined
  /**
   * Sent beside those of the session's jar, in the place of its cookies of the same names; not kept in
   * it. A redirect to another origin goes without them.
   */
  cookies?: CookieValues | undefined
  /** Added to the URL's own query. */
  query?: QueryInput | undefined
  /**
   * Sent as it is. Strings are UTF-8 text; Blobs and files have their type; forms are multipart; other
   * bodies have no type of their own. Streams of Node.js are read as the iterables that they are.
   */
  body?: BodyInput | FormData | Multipart | undefined
  /** Sent as JSON. */
  json?: unknown
  /** Sent as `application/x-www-form-urlencoded`; a `FormData` or `Multipart` as `multipart/form-data`. */
  form?: QueryInput | FormData | Multipart | undefined
  /**
   * Compresses the body, and says so by `Content-Encoding`: for servers of which you know that they read
   * it.
   */
  compress?: ContentCoding | undefined
  /** Called as the body is taken by the connection, which then happens in pieces of 64 KiB. */
  onUploadProgress?: ((progress: TransferProgress) => void) | undefined
  /**
   * Called as the body of a response comes, redirects included; in bytes before decompression, as
   * `Content-Length` says them. It is called outside every scope; what it throws ends the request.
   */
  onDownloadProgress?: ((progress: TransferProgress) => void) | undefined
  /** Cancels the request too, as its scope does. */
  signal?: AbortSignal | undefined
  /** @internal Takes 101 for an answer; `response.exchange.takeOver()` has the connection then. */
  upgrade?: true
  /** @internal The body has no end: when the session closes, nobody waits for it. */
  endless?: true
}

/** What holds for a request, with nothing left out. Shared by all that say nothing of their own. */
export interface RequestSettings {
  readonly timeouts: Timeouts
  readonly redirect: RedirectMode
  readonly maxRedirects: number
  readonly allowInsecureRedirect: boolean
  readonly secretHeaders: readonly string[]
  readonly decompress: boolean
  readonly maxResponseSize: number
  readonly raiseForStatus: boolean
  /** How long bodies wait until the server wants them; undefined if they do not. */
  readonly continueWait: number | undefined
  readonly tls: TLSOptions | undefined
  /** Whether 101 is an answer. */
  readonly upgrade: true | undefined
  /** Whether the body never ends. */
  readonly endless: true | undefined
  readonly onDownloadProgress: ((progress: TransferProgress) => void) | undefined
  readonly proxy: ProxySetting | undefined
}

export const defaultSettings: RequestSettings = {
  timeouts: defaultTimeouts,
  redirect: 'follow',
  // As aiohttp and curl's documentation recommend; browsers stop at 20.
  maxRedirects: 10,
  allowInsecureRedirect: false,
  secretHeaders: [],
  decompress: true,
  maxResponseSize: Infinity,
  raiseForStatus: false,
  continueWait: undefined,
  tls: undefined,
  upgrade: undefined,
  endless: undefined,
  onDownloadProgress: undefined,
  proxy: undefined,
}

const modes: readonly unknown[] = ['follow', 'manual', 'error']

/**
 * What `options` say, over `base`; `base` itself if they say nothing.
 *
 * @throws RangeError or TypeError for what makes no sense
 */
export function settingsFrom(
  options: SharedOptions & Pick<RequestOptions, 'upgrade' | 'endless' | 'onDownloadProgress'>,
  base: RequestSettings,
): RequestSettings {
  if (
    options.timeout === undefined &&
    options.redirect === undefined &&
    options.maxRedirects === undefined &&
    options.allowInsecureRedirect === undefined &&
    options.secretHeaders === undefined &&
    options.decompress === undefined &&
    options.maxResponseSize === undefined &&
    options.raiseForStatus === undefined &&
    options.expectContinue === undefined &&
    options.tls === undefined &&
    options.upgrade === undefined &&
    options.endless === undefined &&
    options.onDownloadProgress === undefined &&
    options.proxy === undefined
  ) {
    return base
  }
  const { redirect = base.redirect } = options
  if (!modes.includes(redirect)) {
    throw new TypeError(
      `Cannot use ${shown(redirect)} as "redirect": expected "follow", "manual" or "error"`,
    )
  }
  return {
    timeouts: timeoutsFrom(options.timeout, base.timeouts),
    redirect,
    maxRedirects: countFrom(0, 'maxRedirects', given(options.maxRedirects, base.maxRedirects)),
    allowInsecureRedirect: options.allowInsecureRedirect ?? base.allowInsecureRedirect,
    secretHeaders: secretsFrom(options.secretHeaders, base.secretHeaders),
    decompress: options.decompress ?? base.decompress,
    maxResponseSize: atLeast(
      0,
      'maxResponseSize',
      given(options.maxResponseSize, base.maxResponseSize),
    ),
    raiseForStatus: options.raiseForStatus ?? base.raiseForStatus,
    continueWait: continueWaitFrom(options.expectContinue, base.continueWait),
    tls: options.tls === undefined ? base.tls : checkTLS(options.tls),
    upgrade: options.upgrade,
    endless: options.endless,
    onDownloadProgress: options.onDownloadProgress,
    proxy: options.proxy === undefined ? base.proxy : checkProxy(options.proxy),
  }
}

function given<T>(value: T | undefined, base: T): T {
  return value === undefined ? base : value
}

function continueWaitFrom(
  given: boolean | number | undefined,
  base: number | undefined,
): number | undefined {
  if (given === undefined) return base
  if (typeof given === 'boolean') return given ? defaultContinueWait : undefined
  if (typeof given === 'number' && given > 0 && given < Infinity) return given
  const Refusal = typeof given === 'number' ? RangeError : TypeError
  throw new Refusal(
    `Cannot use ${shown(given)} as "expectContinue": expected true, false or milliseconds above 0`,
  )
}

/** `value`, if it is a number that is not under `least`. Throws TypeError or RangeError. */
export function atLeast(least: number, name: string, value: number): number {
  if (typeof value === 'number' && value >= least) return value
  const Refusal = typeof value === 'number' ? RangeError : TypeError
  throw new Refusal(`Cannot use ${shown(value)} as "${name}": expected ${least} or more`)
}

/** As `atLeast()`, for what is counted: a whole number, or `Infinity`. */
export function countFrom(least: number, name: string, value: number): number {
  const count = atLeast(least, name, value)
  if (Number.isInteger(count) || count === Infinity) return count
  throw new RangeError(`Cannot use ${count} as "${name}": expected a whole number, or Infinity`)
}

function secretsFrom(
  given: readonly string[] | undefined,
  base: readonly string[],
): readonly string[] {
  if (given === undefined) return base
  if (!Array.isArray(given)) {
    throw new TypeError(`Cannot use ${shown(given)} as "secretHeaders": expected a list of names`)
  }
  const fields = new HeaderFields()
  for (const name of given as readonly unknown[]) {
    if (typeof name !== 'string') throw new TypeError(`Invalid header name ${shown(name)}`)
    fields.append(name, '')
  }
  return [...base, ...given]
}
