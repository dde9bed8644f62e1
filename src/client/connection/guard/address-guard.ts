/**
 * Keeps a program that fetches what strangers name from being sent into its own network (server-side
 * request forgery). What counts is the address that is connected to: it is checked after the name was
 * looked up, and no other is used, so a name that answers differently the next time gains nothing.
 */
import { embeddedIPv4, type IPBytes, IPRange, parseIP } from '../../../io/ip-address.ts'
import type { ResolvedAddress } from '../../../io/resolver.ts'
import { checkNames } from '../../../util/known-names.ts'
import { AddressRefusedError } from '../../errors.ts'

export interface GuardOptions {
  /**
   * What may be connected to though it is not public: addresses, ranges (`10.1.0.0/16`) and names
   * (`intranet.example.com`; `*.example.com` for all below it).
   */
  allow?: readonly string[] | undefined
  /** What may not be connected to though it is public, written in the same way. It goes before `allow`. */
  deny?: readonly string[] | undefined
}

/** `public`: nothing but what the whole internet can reach. */
export type GuardSetting = 'public' | GuardOptions

export class AddressGuard {
  readonly #allow: Rules
  readonly #deny: Rules

  /** @throws TypeError for a rule that is neither an address, a range nor a name */
  constructor(setting: GuardSetting) {
    if (setting !== 'public' && (typeof setting !== 'object' || setting === null)) {
      throw new TypeError(
        `Cannot use ${JSON.stringify(setting)} as "guard": expected "public", or { allow, deny }`,
      )
    }
    if (setting !== 'public') checkNames(setting, { allow: true, deny: true }, '"guard"')
    const { allow = [], deny = [] } = setting === 'public' ? {} : setting
    this.#allow = new Rules('allow', allow)
    this.#deny = new Rules('deny', deny)
  }

  /**
   * Those of the addresses that may be connected to.
   *
   * @throws AddressRefusedError if there are none among them
   */
  admitted(host: string, addresses: readonly ResolvedAddress[]): readonly ResolvedAddress[] {
    const admitted = addresses.filter(({ address }) => this.#admits(host, address))
    if (admitted.length > 0 || addresses.length === 0) return admitted
    throw new AddressRefusedError(
      host,
      addresses.map(({ address }) => address),
    )
  }

  #admits(host: string, address: string): boolean {
    const bytes = parseIP(address)
    // What can't be read can't be trusted.
    if (bytes === undefined) return false
    if (this.#deny.cover(host, bytes)) return false
    return this.#allow.cover(host, bytes) || isPublic(bytes)
  }
}

class Rules {
  readonly #ranges: IPRange[] = []
  readonly #names = new Set<string>()
  readonly #suffixes: string[] = []

  constructor(option: string, rules: readonly string[]) {
    for (const rule of rules) {
      const name = rule.toLowerCase()
      const range = IPRange.parse(rule)
      if (range !== undefined) this.#ranges.push(range)
      else if (!/^(?:\*\.)?[\w.-]+$/.test(name) || !/[a-z]/.test(name)) {
        throw new TypeError(
          `Cannot use ${JSON.stringify(rule)} in "guard.${option}": expected an address, a range or a name`,
        )
      } else if (name.startsWith('*')) this.#suffixes.push(name.slice(1))
      else this.#names.add(name)
    }
  }

  cover(host: string, address: IPBytes): boolean {
    const name = host.replace(/\.$/, '').toLowerCase()
    if (this.#names.has(name)) return true
    if (this.#suffixes.some((suffix) => name.endsWith(suffix))) return true
    const inner = embeddedIPv4(address)
    return this.#ranges.some(
      (range) => range.contains(address) || (inner !== undefined && range.contains(inner)),
    )
  }
}

/** Whether everybody's packets to this address go to the same place. */
function isPublic(address: IPBytes): boolean {
  const inner = embeddedIPv4(address)
  if (inner !== undefined) return isPublic(inner)
  if (address.length === 4) return !special4.some((range) => range.contains(address))
  // Only an eighth of IPv6 is given out (IANA: Global Unicast); loopback, unique local, link-local, multicast,
  // site-local and the rest are outside of it.
  return globalUnicast.contains(address) && !special6.some((range) => range.contains(address))
}

const globalUnicast = IPRange.parse('2000::/3') as IPRange

// The IANA registries of special-purpose addresses (RFC 6890), and multicast.
const special4 = ranges(
  '0.0.0.0/8', // this network, RFC 791 §3.2
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // shared by the customers of a provider, RFC 6598
  '127.0.0.0/8', // loopback, RFC 1122 §3.2.1.3
  '169.254.0.0/16', // link-local, RFC 3927; where clouds keep their credentials
  '172.16.0.0/12', // private, RFC 1918
  '192.0.0.0/24', // protocol assignments, RFC 6890 §2.1
  '192.0.2.0/24', // documentation, RFC 5737
  '192.88.99.0/24', // 6to4 relays, RFC 7526
  '192.168.0.0/16', // private, RFC 1918
  '198.18.0.0/15', // benchmarks, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '224.0.0.0/4', // multicast, RFC 5771
  '240.0.0.0/4', // reserved, and broadcast, RFC 1112 §4
)

const special6 = ranges(
  '2001::/23', // protocol assignments, Teredo among them, RFC 2928
  '2001:db8::/32', // documentation, RFC 3849
  '3fff::/20', // documentation, RFC 9637
)

function ranges(...texts: string[]): readonly IPRange[] {
  return texts.map((text) => IPRange.parse(text) as IPRange)
}
