/**
 * Certificates by the name that a client asks for (SNI, RFC 6066 §3). They can be replaced while the
 * server runs: connections to come see the new ones.
 */
import type { SecureContext } from 'node:tls'
import type { ServerTLSOptions } from '../transport.ts'
import { contextOf } from './tls-options.ts'

export class ServerNames {
  #contexts: ReadonlyMap<string, SecureContext> = new Map()

  /** @throws TypeError if a name is none, or a certificate can't be read; the old ones stay in force */
  replace(options: ServerTLSOptions): void {
    const { names = {}, ca, minVersion, ciphers } = options
    const contexts = new Map<string, SecureContext>()
    for (const [name, certificate] of Object.entries(names)) {
      if (!/^(?:\*\.)?[a-z\d-]+(?:\.[a-z\d-]+)*$/i.test(name)) {
        throw new TypeError(`Invalid server name "${name}": expected a host name, or *. and one`)
      }
      const whole = {
        ...certificate,
        // Otherwise clients of this name would be verified by the roots that everybody trusts.
        ...(ca === undefined ? {} : { ca }),
        ...(minVersion === undefined ? {} : { minVersion }),
        ...(ciphers === undefined ? {} : { ciphers }),
      }
      contexts.set(name.toLowerCase(), contextOf(whole))
    }
    this.#contexts = contexts
  }

  /** The name itself, or `*.` and all but its first label; undefined for the certificate of no name. */
  find(name: string): SecureContext | undefined {
    const known = name.toLowerCase()
    return this.#contexts.get(known) ?? this.#contexts.get(`*${known.slice(known.indexOf('.'))}`)
  }
}
