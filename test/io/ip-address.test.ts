import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { embeddedIPv4, IPRange, parseIP } from '../../src/io/ip-address.ts'

const hex = (text: string): string | undefined => {
  const bytes = parseIP(text)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')
}

describe('parseIP()', () => {
  test.each([
    ['1.2.3.4', '01020304'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['1::', `0001${'0'.repeat(28)}`],
    ['2001:db8::ff00:42:8329', '20010db8000000000000ff0000428329'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:1.2.3.4', '00000000000000000000ffff01020304'],
    ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
    ['FE80::1%eth0', 'fe800000000000000000000000000001'],
  ])('reads %s', (text, bytes) => {
    expect(hex(text)).toBe(bytes)
  })

  test.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '0x7f.1',
    '2130706433',
    ':::',
    '1::2::3',
    'a.test',
  ])('takes "%s" for no address', (text) => {
    expect(parseIP(text)).toBeUndefined()
  })
})

describe('IPRange', () => {
  test.each([
    [fc.ipV4(), 32, 'ipv4'],
    [fc.ipV6(), 128, 'ipv6'],
  ] as const)('contains what a BlockList of Node.js does', (addresses, most, family) => {
    const bits = fc.integer({ min: 0, max: most })
    fc.assert(
      fc.property(addresses, addresses, bits, (start, address, bits) => {
        const list = new BlockList()
        list.addSubnet(start, bits, family)
        const range = IPRange.parse(`${start}/${bits}`)
        for (const other of [start, address]) {
          expect(range?.contains(parseIP(other) as Uint8Array)).toBe(list.check(other, family))
        }
      }),
    )
  })

  test('is one address without a length, and of one family', () => {
    const one = IPRange.parse('10.0.0.1')
    expect(one?.contains(parseIP('10.0.0.1') as Uint8Array)).toBe(true)
    expect(one?.contains(parseIP('10.0.0.2') as Uint8Array)).toBe(false)
    expect(IPRange.parse('::/0')?.contains(parseIP('10.0.0.1') as Uint8Array)).toBe(false)
  })

  test.each(['', 'a.test', '10.0.0.0/33', '::/129', '10.0.0.0/-1', '10.0.0.0/', '10.0.0.0/8/8'])(
    'is not "%s"',
    (text) => {
      expect(IPRange.parse(text)).toBeUndefined()
    },
  )
})

test.each([
  ['::ffff:1.2.3.4', true],
  ['::1.2.3.4', true],
  ['64:ff9b::1.2.3.4', true],
  ['2002:102:304::', true],
  ['::1', false],
  ['::', false],
  ['64:ff9b:1::1.2.3.4', false],
  ['2001:db8::1.2.3.4', false],
  ['1.2.3.4', false],
])('embeddedIPv4() of %s: %s', (text, embedded) => {
  const found = embeddedIPv4(parseIP(text) as Uint8Array)
  expect(found === undefined ? undefined : Array.from(found)).toEqual(
    embedded ? [1, 2, 3, 4] : undefined,
  )
})
