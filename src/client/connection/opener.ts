/** Opens the connections of a session, whatever lies between here and there. */
import { CachingResolver, type ResolverStatistics } from '../../io/caching-resolver.ts'
import { connect, type ConnectOptions } from '../../io/connect.ts'
import { ConnectError, hostAndPort, reasonOf } from '../../io/errors.ts'
import { TLSSessions } from '../../io/socket/tls-sessions.ts'
import type { TLSOptions, Transport } from '../../io/transport.ts'
import { SpoolError } from '../../util/error.ts'
import { atLeast } from '../request/request-options.ts'
import type { ClientHost } from './client-host.ts'
import { AddressGuard } from './guard/address-guard.ts'
import { Names } from './names.ts'
import type { OpeningTimes } from './opening-times.ts'
import type { NetworkOptions } from './network-options.ts'
import { openTunnel } from './proxy/http-tunnel.ts'
import { proxyFailure, ProxyRefusal } from './proxy/proxy-refusal.ts'
import type { ProxyServer } from './proxy/proxy-server.ts'
import { connectBySOCKS } from './proxy/socks5.ts'

/** How a transport to a host is opened. Cancelled by its scope. */
export type OpenTransport = (host: ClientHost, times: OpeningTimes) => Promise<Transport>

// One for all connections of all sessions: what comes into it is read before the next comes.
let madeReadBuffer: Buffer | undefined

function readBuffer(): Buffer {
  return (madeReadBuffer ??= Buffer.allocUnsafeSlow(65_536))
}

// A proxy that can't reach one address of a name may reach another; each costs a connection to the proxy.
const mostAddresses = 4

export class Opener {
  readonly #dial: (options: ConnectOptions) => Promise<Transport>
  readonly #resolver: CachingResolver
  readonly #names: Names
  // Of proxies, which the program itself has named: nobody guards them.
  readonly #proxyNames: Names
  readonly #guarded: boolean
  readonly #shared: boolean
  readonly #sessions = new TLSSessions()
  readonly #tcpKeepAlive: number | undefined

  /** @throws TypeError or RangeError for options that make no sense */
  constructor(
    options: NetworkOptions,
    dial: (options: ConnectOptions) => Promise<Transport> = connect,
  ) {
    const { resolver, dns, family, guard, tcpKeepAlive = 60_000 } = options
    atLeast(0, 'tcpKeepAlive', tcpKeepAlive)
    if (resolver !== undefined && typeof resolver.resolve !== 'function') {
      throw new TypeError('Cannot use an object without "resolve()" as "resolver"')
    }
    if (dns !== undefined && resolver instanceof CachingResolver) {
      throw new TypeError('Cannot use "dns" with a CachingResolver, which has options of its own')
    }
    if (family !== undefined && family !== 4 && family !== 6) {
      throw new TypeError(`Cannot use ${String(family)} as "family": expected 4 or 6`)
    }
    this.#dial = dial
    this.#shared = resolver instanceof CachingResolver
    this.#resolver =
      resolver instanceof CachingResolver ? resolver : new CachingResolver({ ...dns, resolver })
    this.#names = new Names(
      this.#resolver,
      family,
      guard === undefined ? undefined : new AddressGuard(guard),
    )
    this.#proxyNames = new Names(this.#resolver, family)
    this.#guarded = guard !== undefined
    this.#tcpKeepAlive = tcpKeepAlive === 0 ? undefined : tcpKeepAlive
  }

  readonly open: OpenTransport = (host, times) => {
    const { origin, route } = host
    if (route.connect !== undefined) return route.connect(origin)
    if (route.socketPath !== undefined) return this.#toSocket(host, route.socketPath, times)
    return route.proxy === undefined
      ? this.#direct(host, times)
      : this.#through(route.proxy, host, times)
  }

  statistics(): ResolverStatistics {
    return this.#resolver.statistics()
  }

  /** Forgets names and TLS sessions, but for names that others may know too. */
  clear(): void {
    if (!this.#shared) this.#resolver.forget()
    this.#sessions.clear()
  }

  #toSocket({ origin, route }: ClientHost, path: string, times: OpeningTimes): Promise<Transport> {
    return this.#dial({
      onPhase: (phase) => times.over(phase),
      path,
      host: origin.hostname,
      readBuffer: readBuffer(),
      ...this.#secured(origin.secure ? offering(route.tls) : undefined),
    })
  }

  async #direct({ origin, route }: ClientHost, times: OpeningTimes): Promise<Transport> {
    const { hostname, port, secure } = origin
    this.#names.check(hostname)
    return this.#reach(hostname, {
      ...this.#socketOptions(route.localAddress),
      port,
      resolver: this.#names,
      onPhase: (phase) => times.over(phase),
      readBuffer: readBuffer(),
      ...this.#secured(secure ? offering(route.tls) : undefined),
    })
  }

  // What a connection taught about the addresses of a name is kept with them.
  async #reach(host: string, options: ConnectOptions): Promise<Transport> {
    try {
      const transport = await this.#dial({ ...options, host })
      // Asked for only where it counts: a socket keeps it, for as long as it is open.
      if (this.#resolver.chooses(host)) {
        const { remoteAddress } = transport
        if (remoteAddress !== undefined) this.#resolver.succeeded(host, remoteAddress)
      }
      return transport
    } catch (error) {
      if (ConnectError.is(error) && error.phase === 'tcp') this.#resolver.forget(host)
      throw error
    }
  }

  async #through(proxy: ProxyServer, host: ClientHost, times: OpeningTimes): Promise<Transport> {
    const { origin, route } = host
    if (route.forwards) {
      const transport = await this.#toProxy(proxy, host, true)
      times.over('proxy')
      return transport
    }
    const targets = await this.#targetsOf(proxy, origin.hostname)
    if (!proxy.looksUpNames || this.#guarded) times.over('dns')
    for (const [index, target] of targets.entries()) {
      const transport = await this.#toProxy(proxy, host, !origin.secure)
      try {
        if (proxy.kind === 'http') {
          await openTunnel(transport, proxy, hostAndPort(target, origin.port))
        } else {
          await connectBySOCKS(transport, proxy, target, origin.port)
        }
      } catch (error) {
        transport.destroy()
        const another = error instanceof ProxyRefusal && error.unreachable
        if (another && index < targets.length - 1) continue
        throw proxyFailure(host, error)
      }
      times.over('proxy')
      if (!origin.secure) return transport
      // It fails as it would without a proxy, and closes the connection.
      const secured = await transport.startTLS(offering(route.tls), origin.hostname)
      times.over('tls')
      return secured
    }
    throw new ConnectError('dns', `Connecting to "${origin.hostname}" failed: it has no addresses`)
  }

  async #toProxy(proxy: ProxyServer, host: ClientHost, readsHTTP: boolean): Promise<Transport> {
    try {
      return await this.#reach(proxy.hostname, {
        ...this.#socketOptions(host.route.localAddress),
        port: proxy.port,
        resolver: this.#proxyNames,
        // TLS inside reads by itself.
        ...(readsHTTP ? { readBuffer: readBuffer() } : {}),
        ...this.#secured(proxy.secure ? proxy.tls : undefined),
      })
    } catch (error) {
      throw proxyFailure(host, error)
    }
  }

  // What the proxy is told: the name, or the addresses that it leads to, of which the guard has seen each.
  async #targetsOf(proxy: ProxyServer, hostname: string): Promise<readonly string[]> {
    if (proxy.looksUpNames && !this.#guarded) return [hostname]
    try {
      const addresses = await this.#names.resolve(hostname)
      return addresses.slice(0, mostAddresses).map(({ address }) => address)
    } catch (error) {
      if (SpoolError.is(error)) throw error
      const cause = error instanceof Error ? error : new Error(String(error))
      const message = `Connecting to "${hostname}" failed: ${reasonOf(cause)}`
      throw new ConnectError('dns', message, [], { cause })
    }
  }

  #socketOptions(localAddress: string | undefined): Partial<ConnectOptions> {
    return {
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(this.#tcpKeepAlive === undefined ? {} : { tcpKeepAlive: this.#tcpKeepAlive }),
      tlsSessions: this.#sessions,
    }
  }

  #secured(tls: TLSOptions | undefined): Partial<ConnectOptions> {
    return tls === undefined ? {} : { tls, tlsSessions: this.#sessions }
  }
}

const defaultTLS: TLSOptions = { alpn: ['http/1.1'] }
// One object for each, since certificates are parsed once for each object.
const offers = new WeakMap<TLSOptions, TLSOptions>()

function offering(tls: TLSOptions | undefined): TLSOptions {
  if (tls === undefined) return defaultTLS
  if (tls.alpn !== undefined) return tls
  let offer = offers.get(tls)
  if (offer === undefined) offers.set(tls, (offer = { ...defaultTLS, ...tls }))
  return offer
}
