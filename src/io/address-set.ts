import { BlockList, isIP } from 'node:net'

/** A set of IP addresses, given as addresses and networks. */
export class AddressSet {
  readonly #list: BlockList = new BlockList()

  /** @throws TypeError for what is neither an address nor a network such as `10.0.0.0/8` */
  constructor(members: readonly string[]) {
    for (const member of members) this.#add(member)
  }

  /** False for what is no address. IPv4 addresses in IPv6 (`::ffff:1.2.3.4`) are taken for what they are. */
  has(address: string): boolean {
    const plain = /^::ffff:[\d.]+$/i.test(address) ? address.slice(7) : address
    const version = isIP(plain)
    return version !== 0 && this.#list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }

  #add(member: string): void {
    const [address = '', bits, ...more] = member.split('/')
    const version = isIP(address)
    const most = version === 4 ? 32 : 128
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
    if (version === 0 || prefix > most || more.length > 0) {
      throw new TypeError(
        `Invalid network "${member}": expected an IP address, or one and its prefix, such as 10.0.0.0/8`,
      )
    }
    this.#list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6')
  }
}

/** Whether `text` is an IP address. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0
}
