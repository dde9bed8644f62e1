/** Where the names in URLs lead: remembered, and checked by the guard if there is one. */
import type { CachingResolver } from '../../io/caching-resolver.ts'
import { parseIP } from '../../io/ip-address.ts'
import type { ResolvedAddress, Resolver } from '../../io/resolver.ts'
import { areNamesTraced, tracedLookup } from '../../http/tracing/connection-channels.ts'
import type { AddressGuard } from './guard/address-guard.ts'

// RFC 6761 §6.3: what these names mean is not asked of anybody. IPv4 first, since everybody has it.
const loopback: readonly ResolvedAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

export class Names implements Resolver {
  readonly #resolver: CachingResolver
  readonly #family: 4 | 6 | undefined
  readonly #guard: AddressGuard | undefined

  constructor(resolver: CachingResolver, family: 4 | 6 | undefined, guard?: AddressGuard) {
    this.#resolver = resolver
    this.#family = family
    this.#guard = guard
  }

  /** @throws AddressRefusedError */
  async resolve(host: string): Promise<readonly ResolvedAddress[]> {
    const all = addressesOf(host) ?? (await this.#ask(host))
    const family = this.#family
    const found = family === undefined ? all : all.filter((address) => address.family === family)
    if (found.length === 0)
      throw new Error(`the name has no addresses${family === undefined ? '' : ` of IPv${family}`}`)
    return this.#guard === undefined ? found : this.#guard.admitted(host, found)
  }

  #ask(host: string): Promise<readonly ResolvedAddress[]> {
    const resolver = this.#resolver
    if (!areNamesTraced()) return resolver.resolve(host)
    const { hits } = resolver.statistics()
    return tracedLookup(
      host,
      () => resolver.resolve(host),
      () => resolver.statistics().hits > hits,
    )
  }

  /**
   * Checks what need not be looked up: addresses are connected to without asking.
   *
   * @throws AddressRefusedError
   */
  check(host: string): void {
    const found = this.#guard === undefined ? undefined : addressesOf(host)
    if (found !== undefined) this.#guard?.admitted(host, found)
  }
}

function addressesOf(host: string): readonly ResolvedAddress[] | undefined {
  const bytes = parseIP(host)
  if (bytes !== undefined) return [{ address: host, family: bytes.length === 4 ? 4 : 6 }]
  return /(?:^|\.)localhost\.?$/i.test(host) ? loopback : undefined
}
