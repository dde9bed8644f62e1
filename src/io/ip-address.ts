/** IP addresses as numbers, to be compared and looked up in ranges however they were written. */
import { isIP } from 'node:net'

/** The 4 bytes of an IPv4 address, or the 16 of an IPv6 address. */
export type IPBytes = Uint8Array

/**
 * The bytes of an address in its usual form, with or without a zone; undefined for anything else, as
 * `0x7f.1`, `127.1` or a name.
 */
export function parseIP(text: string): IPBytes | undefined {
  const family = isIP(text)
  if (family === 0) return undefined
  if (family === 4) return Uint8Array.from(text.split('.'), Number)
  const [address = ''] = text.split('%')
  const [head = '', tail] = address.split('::')
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const bytes = new Uint8Array(16)
  bytes.set(before)
  bytes.set(after, 16 - after.length)
  return bytes
}

function groups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    // RFC 4291 §2.2: the last four bytes may be written as an IPv4 address.
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

/** A range of addresses, as `10.0.0.0/8`, or one address. */
export class IPRange {
  readonly #bytes: IPBytes
  readonly #bits: number

  private constructor(bytes: IPBytes, bits: number) {
    this.#bytes = bytes
    this.#bits = bits
  }

  /** Undefined for what is neither an address nor a range. */
  static parse(text: string): IPRange | undefined {
    const slash = text.indexOf('/')
    const bytes = parseIP(slash < 0 ? text : text.slice(0, slash))
    if (bytes === undefined) return undefined
    if (slash < 0) return new IPRange(bytes, bytes.length * 8)
    const prefix = text.slice(slash + 1)
    const bits = Number(prefix)
    if (!/^\d{1,3}$/.test(prefix) || bits > bytes.length * 8) return undefined
    return new IPRange(bytes, bits)
  }

  /** An IPv4 address is in no range of IPv6, and the other way round. */
  contains(address: IPBytes): boolean {
    const own = this.#bytes
    if (own.length !== address.length) return false
    const whole = this.#bits >> 3
    for (let index = 0; index < whole; index++) if (own[index] !== address[index]) return false
    const rest = this.#bits & 7
    if (rest === 0) return true
    const shift = 8 - rest
    return (own[whole] ?? 0) >> shift === (address[whole] ?? 0) >> shift
  }
}

/**
 * The IPv4 address that an IPv6 address leads to: mapped (RFC 4291 §2.5.5.2), compatible (§2.5.5.1), through
 * NAT64 (RFC 6052 §2.1) or 6to4 (RFC 3056 §2).
 */
export function embeddedIPv4(address: IPBytes): IPBytes | undefined {
  if (address.length !== 16) return undefined
  if (mapped.contains(address) || nat64.contains(address)) return address.subarray(12)
  if (sixToFour.contains(address)) return address.subarray(2, 6)
  // `::` and `::1` are addresses of their own.
  return compatible.contains(address) && address.subarray(12, 15).some((byte) => byte !== 0)
    ? address.subarray(12)
    : undefined
}

function range(text: string): IPRange {
  return IPRange.parse(text) as IPRange
}

const mapped = range('::ffff:0:0/96')
const compatible = range('::/96')
const nat64 = range('64:ff9b::/96')
const sixToFour = range('2002::/16')
