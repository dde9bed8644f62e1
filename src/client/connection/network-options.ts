/** What a session may say about its connections, and how its parts for them come out of it. */
import type { CachingResolverOptions } from '../../io/caching-resolver.ts'
import type { Resolver } from '../../io/resolver.ts'
import type { TLSOptions, Transport } from '../../io/transport.ts'
import type { GuardSetting } from './guard/address-guard.ts'
import type { ProxySetting } from './proxy/proxy-server.ts'

/** Where a connection is to lead. */
export interface ConnectTarget {
  readonly secure: boolean
  /** In lower case, in Punycode; an IPv6 address without brackets. */
  readonly hostname: string
  readonly port: number
  /** `https://example.com:8443`. */
  readonly href: string
}

/** How connections to some hosts are made. What is left out is the session's. */
export interface MountOptions {
  proxy?: ProxySetting | undefined
  tls?: TLSOptions | undefined
  /** Connections are made to this Unix socket, whatever the URL says. */
  socketPath?: string | undefined
  /** What to connect from: an IP address of this machine, or the name of a network interface. */
  localAddress?: string | undefined
  /**
   * Makes the connections, in the place of everything else here: resolves with a transport that has not
   * started to read, over which HTTP is spoken at once.
   *
   * Cancellation: its scope is cancelled when the request is given up; a transport that comes all the same
   * is destroyed.
   */
  connect?: ((target: ConnectTarget) => Promise<Transport>) | undefined
}

export interface DNSOptions extends Omit<CachingResolverOptions, 'resolver'> {}

export interface NetworkOptions {
  /**
   * Options for some hosts: by a scheme or `all`, then a host, `*.host` for all below it or nothing, then
   * perhaps a port, as in `https://api.example.com`, `all://*.corp.example:8080` and `http://`. Of several
   * that fit, the most exact counts: one with a port, then the longest host, then the scheme.
   */
  mounts?: Readonly<Record<string, MountOptions>> | undefined
  /** All connections are made to this Unix socket, whatever the URL says. */
  socketPath?: string | undefined
  /** What to connect from: an IP address of this machine, or the name of a network interface. */
  localAddress?: string | undefined
  /**
   * Milliseconds without a byte after which the system asks whether the peer is there still. Default
   * 60,000; 0 for never.
   */
  tcpKeepAlive?: number | undefined
  /**
   * Looks names up. Default: the system's. Its answers are remembered, as `dns` says; a `CachingResolver`
   * remembers by itself, for all sessions that it is given to.
   */
  resolver?: Resolver | undefined
  dns?: DNSOptions | undefined
  /** Of the addresses of a name, only those of IPv4 or of IPv6 are used. Default: both. */
  family?: 4 | 6 | undefined
  /**
   * What may be connected to. Default: everything. For URLs that strangers name, `public`: no address of
   * the own machine or network, whatever name leads there, in redirects too. Proxies, Unix sockets and
   * `connect`, which the program itself names, are not asked about; what is reached through a proxy is.
   */
  guard?: GuardSetting | undefined
}
