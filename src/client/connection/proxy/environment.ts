/**
 * The proxies of the environment: the one place of the client that reads it, and only where a session was told
 * to. Names in lower case go first, as in curl.
 */
import process from 'node:process'
import type { Origin } from '../../url/origin.ts'
import { NoProxy } from './no-proxy.ts'
import { ProxyServer } from './proxy-server.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export class EnvironmentProxies {
  readonly #plain: ProxyServer | undefined
  readonly #secure: ProxyServer | undefined
  readonly #exceptions: NoProxy

  /**
   * What the variables say now.
   *
   * @throws TypeError for a variable that holds no proxy
   */
  constructor(environment: Environment = process.env) {
    const found = (...names: string[]): string | undefined =>
      names.map((name) => environment[name]).find((value) => value !== undefined && value !== '')
    const all = found('all_proxy', 'ALL_PROXY')
    // CGI turns the header `Proxy` of any request into this variable (CVE-2016-5385, "httpoxy").
    const isCGI = environment['REQUEST_METHOD'] !== undefined
    const plain = (isCGI ? found('http_proxy') : found('http_proxy', 'HTTP_PROXY')) ?? all
    const secure = found('https_proxy', 'HTTPS_PROXY') ?? all
    this.#plain = plain === undefined ? undefined : new ProxyServer(plain)
    this.#secure = secure === undefined ? undefined : new ProxyServer(secure)
    this.#exceptions = new NoProxy(found('no_proxy', 'NO_PROXY') ?? '')
  }

  proxyFor(origin: Origin): ProxyServer | undefined {
    const proxy = origin.secure ? this.#secure : this.#plain
    return proxy === undefined || this.#exceptions.excepts(origin) ? undefined : proxy
  }
}
