/**
 * What `NO_PROXY` excepts. There is no standard; these are the rules that curl, Go and Python have in common,
 * separated by commas or blanks: `*` for everything; a name for itself and all below it, with or without a
 * dot before it; `*.name` for all below it; an address, or a range such as `10.0.0.0/8`; each but `*` with a
 * port after it, if the exception is for that port.
 */
import { IPRange, parseIP } from '../../../io/ip-address.ts'
import type { Origin } from '../../url/origin.ts'

type Rule = (origin: Origin) => boolean

export class NoProxy {
  readonly #rules: readonly Rule[]

  constructor(text: string) {
    this.#rules = text
      .split(/[,\s]+/)
      .filter((entry) => entry !== '')
      .map((entry) => ruleOf(entry.toLowerCase()))
  }

  excepts(origin: Origin): boolean {
    return this.#rules.some((rule) => rule(origin))
  }
}

function ruleOf(entry: string): Rule {
  if (entry === '*') return () => true
  const [host, port] = split(entry)
  const matches = hostRule(host)
  return (origin) => (port === undefined || origin.port === port) && matches(origin.hostname)
}

function split(entry: string): [host: string, port: number | undefined] {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry)
  if (bracketed !== null) return [bracketed[1] ?? '', portOf(bracketed[2])]
  // More than one colon: an IPv6 address without brackets, which has no port.
  const named = /^([^:]*):(\d+)$/.exec(entry)
  return named === null ? [entry, undefined] : [named[1] ?? '', portOf(named[2])]
}

function portOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

function hostRule(host: string): (hostname: string) => boolean {
  const range = IPRange.parse(host)
  if (range !== undefined) {
    return (hostname) => {
      const bytes = parseIP(hostname)
      return bytes !== undefined && range.contains(bytes)
    }
  }
  const below = host.startsWith('*.')
  const name = host.replace(/^\*?\./, '').replace(/\.$/, '')
  return (hostname) => {
    const asked = hostname.replace(/\.$/, '')
    return asked.endsWith(`.${name}`) || (!below && asked === name)
  }
}
