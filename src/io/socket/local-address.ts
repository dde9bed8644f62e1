/** Where connections come from: an address of this machine, or of one of its network interfaces. */
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Throws TypeError if it is neither an address nor an interface that has one. */
export function checkLocalAddress(local: string): void {
  if (isIP(local) !== 0 || addressesOf(local).length > 0) return
  throw new TypeError(
    `Cannot use "${local}" as local address: it must be an IP address, or a network interface that has one`,
  )
}

/**
 * The address to bind to for a connection to an address of `family`. Where the interface has none of it
 * another is given: the system then refuses it, in its own words.
 */
export function localAddressFor(local: string, family: 4 | 6): string {
  if (isIP(local) !== 0) return local
  const addresses = addressesOf(local)
  return addresses.find((address) => isIP(address) === family) ?? addresses[0] ?? local
}

// RFC 4291 §2.5.6: fe80::/10.
const linkLocal = /^fe[89ab]/i

// Of IPv6, one that others can answer to goes first; the rest needs the interface in its name (RFC 4007 §11).
function addressesOf(name: string): string[] {
  const all = (networkInterfaces()[name] ?? []).map(({ address }) => address)
  return [
    ...all.filter((address) => !linkLocal.test(address)),
    ...all.filter((address) => linkLocal.test(address)).map((address) => `${address}%${name}`),
  ]
}
