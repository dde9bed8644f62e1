/**
 * The hosts of a session. One that has connections or requests waiting is kept; of the others so many
 * that a crawl of a million hosts does not fill the memory.
 */
import type { TLSOptions } from '../../io/transport.ts'
import type { RequestSettings } from '../request/request-options.ts'
import type { Origin } from '../url/origin.ts'
import { ClientHost } from './client-host.ts'
import type { ProxyServer, ProxySetting } from './proxy/proxy-server.ts'
import type { OwnRoute, Routes } from './routes.ts'

// About a megabyte.
const mostUnused = 1000

const nothingOwn: OwnRoute = { tls: undefined, proxy: undefined }

export class ClientHosts {
  readonly #routes: Pick<Routes, 'routeTo'>
  readonly #linesFor: (origin: Origin) => string
  readonly #tls: TLSOptions | undefined
  readonly #proxy: ProxySetting | undefined
  readonly #hosts = new Map<string, ClientHost>()
  // Hosts of requests that bring their own options: those who share the object share connections.
  readonly #others = new Map<string, ClientHost>()
  // Of proxies that pass requests on, and where we connect from.
  readonly #proxies = new Map<string, ClientHost>()
  readonly #ids = new WeakMap<object, number>()
  #lastId = 0
  #sharing = true
  #sweepAt = mostUnused
  // Most requests go where the one before went.
  #lastOrigin: Origin | undefined = undefined
  #last: ClientHost | undefined = undefined

  /** `session`: what the session itself says, which is not a request's own. */
  constructor(
    session: OwnRoute,
    routes: Pick<Routes, 'routeTo'>,
    linesFor: (origin: Origin) => string,
  ) {
    this.#tls = session.tls
    this.#proxy = session.proxy
    this.#routes = routes
    this.#linesFor = linesFor
  }

  /** Where to send a request with these settings. */
  hostFor(
    origin: Origin,
    { tls, proxy, upgrade }: Pick<RequestSettings, 'tls' | 'proxy' | 'upgrade'>,
  ): ClientHost {
    if (upgrade === undefined) return this.hostOf(origin, tls, proxy)
    return this.upgradingHostOf(origin, tls, proxy)
  }

  /** Where to send what becomes another protocol, which a proxy can't pass on (RFC 6455 §4.1). */
  upgradingHostOf(
    origin: Origin,
    tls: TLSOptions | undefined,
    proxy: ProxySetting | undefined,
  ): ClientHost {
    const host = this.hostOf(origin, tls, proxy)
    if (!host.route.forwards) return host
    const route = { ...host.route, forwards: false }
    return (host.tunnelled ??= new ClientHost(origin, route, this.#linesFor(origin)))
  }

  /**
   * Whether the hosts behind a proxy that passes requests on share its connections; true from the start.
   * For requests to come.
   */
  share(sharing: boolean): void {
    this.#sharing = sharing
    for (const host of [...this.#hosts.values(), ...this.#others.values()]) this.#join(host)
  }

  hostOf(origin: Origin, tls: TLSOptions | undefined, proxy?: ProxySetting): ClientHost {
    const ownTLS = tls === this.#tls || !origin.secure ? undefined : tls
    const ownProxy = proxy === this.#proxy ? undefined : proxy
    if (ownTLS !== undefined || ownProxy !== undefined) {
      return this.#other(origin, { tls: ownTLS, proxy: ownProxy })
    }
    if (origin === this.#lastOrigin && this.#last !== undefined) return this.#last
    let host = this.#hosts.get(origin.href)
    if (host === undefined) {
      if (this.#hosts.size >= this.#sweepAt) this.#sweep()
      host = this.#make(origin, nothingOwn)
      this.#hosts.set(origin.href, host)
    }
    this.#lastOrigin = origin
    this.#last = host
    return host
  }

  /** How many it knows. */
  get size(): number {
    return this.#hosts.size + this.#others.size
  }

  /** All that it knows. */
  *all(): Generator<ClientHost> {
    for (const hosts of [this.#hosts, this.#others]) {
      for (const host of hosts.values()) {
        yield host
        if (host.tunnelled !== undefined) yield host.tunnelled
      }
    }
    yield* this.#proxies.values()
  }

  #other(origin: Origin, own: OwnRoute): ClientHost {
    const key = `${this.#idOf(own.tls)} ${this.#idOf(own.proxy)} ${origin.href}`
    let host = this.#others.get(key)
    if (host === undefined) {
      if (this.#others.size >= this.#sweepAt) this.#sweep()
      host = this.#make(origin, own)
      this.#others.set(key, host)
    }
    return host
  }

  #make(origin: Origin, own: OwnRoute): ClientHost {
    const host = new ClientHost(origin, this.#routes.routeTo(origin, own), this.#linesFor(origin))
    this.#join(host)
    return host
  }

  #join(host: ClientHost): void {
    const { forwards, proxy, localAddress } = host.route
    if (!forwards) return
    host.shared = undefined
    if (!this.#sharing) return
    const key = `${this.#idOf(proxy)} ${localAddress ?? ''}`
    let shared = this.#proxies.get(key)
    if (shared === undefined) {
      shared = new ClientHost(host.origin, host.route, host.lines, proxy?.name)
      this.#proxies.set(key, shared)
    }
    host.shared = shared
  }

  // Two objects are two settings, even if they say the same; two strings are one.
  #idOf(setting: TLSOptions | ProxySetting | ProxyServer | undefined): string {
    if (typeof setting !== 'object') return JSON.stringify(setting) ?? ''
    let id = this.#ids.get(setting)
    if (id === undefined) this.#ids.set(setting, (id = ++this.#lastId))
    return String(id)
  }

  #sweep(): void {
    this.#last = this.#lastOrigin = undefined
    for (const hosts of [this.#hosts, this.#others]) {
      for (const [key, host] of hosts) if (!inUse(host)) hosts.delete(key)
    }
    const left = [...this.#hosts.values(), ...this.#others.values()]
    const joined = new Set(left.map(({ shared }) => shared))
    for (const [key, host] of this.#proxies) {
      if (!inUse(host) && !joined.has(host)) this.#proxies.delete(key)
    }
    // Twice what is in use, so that sweeping costs each request next to nothing.
    this.#sweepAt = mostUnused + 2 * Math.max(this.#hosts.size, this.#others.size)
  }
}

function inUse(host: ClientHost): boolean {
  return host.open > 0 || host.firstWaiting !== undefined
}
