/**
 * The hosts of a session. One that has connections or requests waiting is kept; of the others so many
 * that a crawl of a million hosts does not fill the memory.
 */
import type { TLSOptions } from '../../io/transport.ts'
import type { Origin } from '../url/origin.ts'
import { ClientHost } from './client-host.ts'

// About a megabyte.
const mostUnused = 1000

export class ClientHosts {
  readonly #linesFor: (origin: Origin) => string
  readonly #tls: TLSOptions | undefined
  readonly #hosts = new Map<string, ClientHost>()
  // Hosts of requests that bring their own TLS options: those who share the object share connections.
  readonly #others = new WeakMap<TLSOptions, Map<string, ClientHost>>()
  readonly #allOthers = new Set<ClientHost>()
  #sweepAt = mostUnused
  // Most requests go where the one before went.
  #lastOrigin: Origin | undefined = undefined
  #last: ClientHost | undefined = undefined

  /** `tls`: the session's own options. */
  constructor(tls: TLSOptions | undefined, linesFor: (origin: Origin) => string) {
    this.#tls = tls
    this.#linesFor = linesFor
  }

  hostOf(origin: Origin, tls: TLSOptions | undefined): ClientHost {
    if (tls !== this.#tls && tls !== undefined && origin.secure) return this.#other(origin, tls)
    if (origin === this.#lastOrigin && this.#last !== undefined) return this.#last
    let host = this.#hosts.get(origin.href)
    if (host === undefined) {
      if (this.#hosts.size >= this.#sweepAt) this.#sweep()
      host = new ClientHost(origin, this.#tls, this.#linesFor(origin))
      this.#hosts.set(origin.href, host)
    }
    this.#lastOrigin = origin
    this.#last = host
    return host
  }

  /** How many it knows. */
  get size(): number {
    return this.#hosts.size + this.#allOthers.size
  }

  #other(origin: Origin, tls: TLSOptions): ClientHost {
    let hosts = this.#others.get(tls)
    if (hosts === undefined) this.#others.set(tls, (hosts = new Map()))
    let host = hosts.get(origin.href)
    if (host === undefined) {
      if (this.#allOthers.size >= this.#sweepAt) this.#sweep()
      host = new ClientHost(origin, tls, this.#linesFor(origin))
      hosts.set(origin.href, host)
      this.#allOthers.add(host)
    }
    return host
  }

  #sweep(): void {
    this.#last = this.#lastOrigin = undefined
    for (const [key, host] of this.#hosts) if (!inUse(host)) this.#hosts.delete(key)
    for (const host of this.#allOthers) {
      if (inUse(host)) continue
      this.#allOthers.delete(host)
      if (host.tls !== undefined) this.#others.get(host.tls)?.delete(host.origin.href)
    }
    // Twice what is in use, so that sweeping costs each request next to nothing.
    this.#sweepAt = mostUnused + 2 * Math.max(this.#hosts.size, this.#allOthers.size)
  }
}

function inUse(host: ClientHost): boolean {
  return host.open > 0 || host.firstWaiting !== undefined
}
