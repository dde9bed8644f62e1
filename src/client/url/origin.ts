/** Where connections go: a scheme, a host and a port, as they are compared, connected to and sent. */
export class Origin {
  readonly secure: boolean
  /** In lower case, in Punycode; an IPv6 address without brackets. */
  readonly hostname: string
  readonly port: number
  /** What `Host` says: without the port where it is the scheme's own (RFC 9110 §7.2). */
  readonly host: string
  /** `https://example.com:8443`. */
  readonly href: string

  /** Whether what is sent there can't be read on the way: by TLS, or since it stays on this machine. */
  readonly trustworthy: boolean

  /** `url` is one of `http:` or `https:`, parsed by the platform. */
  constructor(url: URL) {
    this.secure = url.protocol === 'https:'
    this.hostname = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
    this.port = url.port === '' ? (this.secure ? 443 : 80) : Number(url.port)
    this.host = url.host
    this.href = url.origin
    this.trustworthy = this.secure || isLocal(this.hostname)
  }
}

/** Whether a host is this machine, as far as its name says. */
export function isLocal(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$|\.localhost$/.test(hostname)
}
