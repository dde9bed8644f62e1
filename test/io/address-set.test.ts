import { expect, test } from 'vitest'
import { AddressSet, isAddress } from '../../src/io/address-set.ts'

test('AddressSet has the addresses and networks that it is given', () => {
  const set = new AddressSet(['10.0.0.0/8', '192.168.0.1', '2001:db8::/32', '::1'])
  for (const address of ['10.1.2.3', '192.168.0.1', '::ffff:10.9.9.9', '2001:db8:5::', '::1']) {
    expect(set.has(address)).toBe(true)
  }
  for (const address of ['11.0.0.1', '192.168.0.2', '2001:db9::', '::2', 'example.org', '']) {
    expect(set.has(address)).toBe(false)
  }
  expect(new AddressSet([]).has('10.0.0.1')).toBe(false)
})

test.each([
  '10.0.0.0/33',
  '::/129',
  '10.0.0',
  'a/8',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  '',
])('AddressSet refuses %j', (member) => {
  expect(() => new AddressSet([member])).toThrow(`Invalid network "${member}"`)
})

test('isAddress() tells addresses from names', () => {
  expect(['1.2.3.4', '::1', 'localhost', '1.2.3'].map(isAddress)).toEqual([
    true,
    true,
    false,
    false,
  ])
})
