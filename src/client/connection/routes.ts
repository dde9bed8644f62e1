/** How the connections to an origin are made: over what, through whom, by which options. */
import type { TLSOptions, Transport } from '../../io/transport.ts'
import type { Origin } from '../url/origin.ts'
import { Mounts } from './mounts.ts'
import type { ConnectTarget, NetworkOptions } from './network-options.ts'
import { EnvironmentProxies } from './proxy/environment.ts'
import { type ProxyOptions, ProxyServer, type ProxySetting } from './proxy/proxy-server.ts'

// Who takes another proxy for each request has some hundreds of them.
const mostWritten = 1000

export interface Route {
  readonly tls: TLSOptions | undefined
  readonly proxy: ProxyServer | undefined
  /**
   * Whether requests go to the proxy itself, which passes them on (RFC 9112 §3.2.2), and not through a
   * tunnel.
   */
  readonly forwards: boolean
  readonly socketPath: string | undefined
  readonly localAddress: string | undefined
  readonly connect: ((target: ConnectTarget) => Promise<Transport>) | undefined
}

/** What a request says of its own; undefined for what the session says. */
export interface OwnRoute {
  readonly tls: TLSOptions | undefined
  readonly proxy: ProxySetting | undefined
}

type RouteOptions = NetworkOptions & Partial<OwnRoute>

export class Routes {
  readonly #options: RouteOptions
  readonly #mounts: Mounts
  #environment: EnvironmentProxies | undefined = undefined
  // Parsed once for each object, and for each string of those that were asked for last.
  readonly #proxies = new WeakMap<object, ProxyServer>()
  readonly #written = new Map<string, ProxyServer>()

  /** @throws TypeError for options that make no sense */
  constructor(options: RouteOptions) {
    this.#options = options
    this.#mounts = new Mounts(options.mounts ?? {})
    if (options.socketPath !== undefined && (options.proxy ?? false) !== false) {
      throw new TypeError('Cannot use both "socketPath" and "proxy" for all connections')
    }
    // So that a wrong one is the fault of who made the session, and not of a request.
    const settings = [options, ...Object.values(options.mounts ?? {})].map(({ proxy }) => proxy)
    for (const setting of settings) {
      if (setting === 'environment') this.#environment = new EnvironmentProxies()
      else if (setting !== undefined && setting !== false) this.#parsed(setting)
    }
  }

  routeTo(origin: Origin, own: OwnRoute): Route {
    const options = this.#options
    const mount = this.#mounts.for(origin) ?? {}
    const tls = own.tls ?? mount.tls ?? options.tls
    const localAddress = mount.localAddress ?? options.localAddress
    const base = { tls, localAddress, proxy: undefined, forwards: false }
    const direct = { ...base, socketPath: undefined, connect: undefined }
    if (own.proxy === undefined) {
      const { connect } = mount
      if (connect !== undefined) return { ...direct, connect }
      if (mount.socketPath !== undefined) return { ...direct, socketPath: mount.socketPath }
    }
    const setting = own.proxy ?? mount.proxy
    if (setting === undefined && options.socketPath !== undefined) {
      return { ...direct, socketPath: options.socketPath }
    }
    const proxy = this.#proxyFor(setting ?? options.proxy ?? false, origin)
    if (proxy === undefined) return direct
    // With a guard the proxy is told an address, which only a tunnel can be.
    const forwards = proxy.kind === 'http' && !origin.secure && options.guard === undefined
    return { ...direct, proxy, forwards }
  }

  #proxyFor(setting: ProxySetting, origin: Origin): ProxyServer | undefined {
    if (setting === false) return undefined
    if (setting !== 'environment') return this.#parsed(setting)
    this.#environment ??= new EnvironmentProxies()
    return this.#environment.proxyFor(origin)
  }

  #parsed(setting: string | URL | ProxyOptions): ProxyServer {
    if (typeof setting === 'string') return this.#read(setting)
    let proxy = this.#proxies.get(setting)
    if (proxy === undefined) this.#proxies.set(setting, (proxy = new ProxyServer(setting)))
    return proxy
  }

  #read(text: string): ProxyServer {
    let proxy = this.#written.get(text)
    if (proxy === undefined) {
      proxy = new ProxyServer(text)
      if (this.#written.size >= mostWritten) this.#written.clear()
      this.#written.set(text, proxy)
    }
    return proxy
  }
}
