/** A proxy as an option names it: what kind, where, and what it is told about us. */
import { HeaderFields, type HeadersInput } from '../../../http/header-fields.ts'
import { hostAndPort } from '../../../io/errors.ts'
import type { TLSOptions } from '../../../io/transport.ts'
import { checkKinds, type Kinds, shown } from '../../../util/option-kinds.ts'
import { writeFields } from '../../../wire/http1/writing/head-writer.ts'

export interface ProxyOptions {
  /**
   * `http://`, `https://` (the way to the proxy is encrypted too), `socks5://` (names are looked up
   * here) or `socks5h://` (the proxy looks them up), with user and password if it wants them.
   */
  url: string | URL
  /** In the place of those of the URL, as they are: not percent-encoded. */
  username?: string | undefined
  password?: string | undefined
  /** Sent to an HTTP proxy, and not to the servers behind it. */
  headers?: HeadersInput | undefined
  /** For `https://` proxies. What lies behind has the session's TLS options. */
  tls?: TLSOptions | undefined
}

/**
 * Through what requests are sent: a proxy, `environment` for what `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and
 * `NO_PROXY` say, or `false` for none.
 */
export type ProxySetting = string | URL | ProxyOptions | false

export interface Credentials {
  readonly username: string
  readonly password: string
}

const kinds: Kinds<ProxyOptions> = {
  url: 'any',
  username: 'text',
  password: 'text',
  headers: 'any',
  tls: 'object',
}

const ports = new Map([
  ['http:', 80],
  ['https:', 443],
  ['socks5:', 1080],
  ['socks5h:', 1080],
])

export class ProxyServer {
  readonly kind: 'http' | 'socks5'
  readonly secure: boolean
  /** Whether it is told names, and not addresses. */
  readonly looksUpNames: boolean
  readonly hostname: string
  readonly port: number
  readonly tls: TLSOptions
  readonly credentials: Credentials | undefined
  /** What each head says that an HTTP proxy is to read: checked, with their line ends. */
  readonly lines: string
  /** For messages: `http://proxy.example.com:3128`, without user and password. */
  readonly name: string

  /** @throws TypeError for what is not a proxy */
  constructor(setting: string | URL | ProxyOptions) {
    const options = typeof setting === 'string' || setting instanceof URL ? undefined : setting
    if (options !== undefined) checkKinds(options, kinds, 'a proxy')
    const url = parse(options === undefined ? (setting as string | URL) : options.url)
    const scheme = url.protocol
    this.kind = scheme.startsWith('socks') ? 'socks5' : 'http'
    this.secure = scheme === 'https:'
    this.looksUpNames = scheme !== 'socks5:'
    this.hostname = url.hostname.replace(/^\[(.*)\]$/, '$1')
    this.port = url.port === '' ? (ports.get(scheme) ?? 80) : Number(url.port)
    this.tls = { alpn: ['http/1.1'], ...options?.tls }
    this.name = `${scheme}//${hostAndPort(this.hostname, this.port)}`
    const username = options?.username ?? decoded(url.username)
    const password = options?.password ?? decoded(url.password)
    this.credentials = username === '' && password === '' ? undefined : { username, password }
    if (this.kind === 'socks5') checkSOCKS(this.credentials, options?.headers)
    const fields = HeaderFields.from(options?.headers)
    if (this.credentials !== undefined && !fields.has('proxy-authorization')) {
      fields.append('Proxy-Authorization', basic(this.credentials))
    }
    this.lines = writeFields(fields.raw)
  }
}

/** `setting`, if it may be one. Throws TypeError for what is of no kind that a proxy is said in. */
export function checkProxy(setting: ProxySetting): ProxySetting {
  if (typeof setting === 'string' || setting === false) return setting
  if (typeof setting === 'object' && setting !== null) return setting
  throw new TypeError(
    `Cannot use ${shown(setting)} as "proxy": expected a URL, an object with one, "environment" or false`,
  )
}

function parse(given: string | URL): URL {
  if (typeof given !== 'string' && !(given instanceof URL)) {
    throw new TypeError(
      `Cannot use ${shown(given)} as the URL of a proxy: expected a string or a URL`,
    )
  }
  // Without a scheme, as in the variables of the environment, where `proxy:3128` is usual.
  const text = String(given).includes('://') ? String(given) : `http://${String(given)}`
  const url = URL.parse(text)
  // A password may have any character in it.
  const named = JSON.stringify(text.replace(/\/\/.*@/s, '//…@'))
  if (url === null || url.hostname === '') {
    throw new TypeError(`Cannot use ${named} as a proxy: expected a URL`)
  }
  if (!ports.has(url.protocol)) {
    throw new TypeError(
      `Cannot use ${named} as a proxy: expected http, https, socks5 or socks5h, not "${url.protocol.slice(0, -1)}"`,
    )
  }
  return url
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

// RFC 7617 §2.
function basic({ username, password }: Credentials): string {
  if (username.includes(':')) {
    throw new TypeError(
      'Cannot use a user name with a colon for a proxy: Basic has no way to say it',
    )
  }
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

// RFC 1929 §2: a byte says how long each is, and none of them is empty.
function checkSOCKS(credentials: Credentials | undefined, headers: HeadersInput | undefined): void {
  if (headers !== undefined)
    throw new TypeError('Cannot send headers to a SOCKS proxy: it has none')
  for (const text of credentials === undefined ? [] : Object.values(credentials)) {
    const { length } = Buffer.from(text as string)
    if (length >= 1 && length <= 255) continue
    throw new TypeError(
      `Cannot use a user name or password of ${length} bytes for a SOCKS proxy: expected 1 to 255`,
    )
  }
}
