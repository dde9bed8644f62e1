import { lookup } from 'node:dns'
import { outsideScopes } from '../concurrency/scope/context.ts'

export interface ResolvedAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** Turns a name into addresses, the preferred one first. IP addresses are never asked for. */
export interface Resolver {
  /**
   * Cancellation: whoever waits leaves, and the answer is thrown away. A resolver that shares one
   * lookup between several callers makes it through no scope of theirs.
   */
  resolve(host: string): Promise<readonly ResolvedAddress[]>
}

/** The system's resolver (`getaddrinfo`), in the order that the system prefers. Caches nothing. */
export const systemResolver: Resolver = {
  resolve: (host) =>
    outsideScopes(
      () =>
        new Promise((resolve, reject) => {
          lookup(host, { all: true, order: 'verbatim' }, (error, addresses) => {
            if (error !== null) reject(error)
            else
              resolve(
                addresses.map(({ address, family }) => ({ address, family: asFamily(family) })),
              )
          })
        }),
    ),
}

function asFamily(family: number): 4 | 6 {
  return family === 6 ? 6 : 4
}

/**
 * A resolver that knows these names and no others, for tests and for fixed hosts. Names are compared
 * without regard to case; other names fail with `ENOTFOUND`, as they do in the system.
 */
export function staticResolver(
  hosts: Readonly<Record<string, string | readonly string[]>>,
): Resolver {
  const known = new Map<string, readonly ResolvedAddress[]>()
  for (const [host, addresses] of Object.entries(hosts)) {
    const list = typeof addresses === 'string' ? [addresses] : addresses
    known.set(
      host.toLowerCase(),
      list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return {
    resolve: (host) => {
      const found = known.get(host.toLowerCase())
      if (found !== undefined) return Promise.resolve(found)
      const error: NodeJS.ErrnoException = new Error(`Looking up "${host}" failed: no such host`)
      error.code = 'ENOTFOUND'
      return Promise.reject(error)
    },
  }
}
