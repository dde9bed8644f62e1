import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressRefusedError } from 'spool/client'
import {
  AddressGuard,
  type GuardSetting,
} from '../../../../src/client/connection/guard/address-guard.ts'

function admits(address: string, setting: GuardSetting = 'public', host = 'a.test'): boolean {
  const family = address.includes(':') ? 6 : 4
  try {
    return new AddressGuard(setting).admitted(host, [{ address, family }]).length === 1
  } catch (error) {
    if (AddressRefusedError.is(error)) return false
    throw error
  }
}

describe('AddressGuard', () => {
  test.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1.1.1.1',
    '2002:7f00:1::',
    '2002:a00:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '3fff::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '5f00::1',
    // Forms that a resolver should not give, and that nobody should read.
    '0x7f.1',
    '127.1',
    '2130706433',
    '017700000001',
    '',
  ])('refuses %s', (address) => {
    expect(admits(address)).toBe(false)
  })

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '100.128.0.1',
    '172.32.0.1',
    '169.253.1.1',
    '192.167.1.1',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])('admits %s', (address) => {
    expect(admits(address)).toBe(true)
  })

  test('reads an IPv4 address in IPv6 as the same', () => {
    const ip = fc.ipV4()
    fc.assert(
      fc.property(ip, (address) => {
        expect(admits(`::ffff:${address}`)).toBe(admits(address))
        expect(admits(`64:ff9b::${address}`)).toBe(admits(address))
      }),
    )
  })

  test('lets through what is allowed, and nothing that is denied', () => {
    const setting = {
      allow: ['10.1.0.0/16', 'intranet.test', '*.corp.test', 'fd00::/8'],
      deny: ['10.1.9.0/24', '8.8.8.8', 'bad.corp.test'],
    }
    expect(admits('10.1.2.3', setting)).toBe(true)
    expect(admits('::ffff:10.1.2.3', setting)).toBe(true)
    expect(admits('10.2.2.3', setting)).toBe(false)
    expect(admits('10.1.9.3', setting)).toBe(false)
    expect(admits('8.8.8.8', setting)).toBe(false)
    expect(admits('8.8.4.4', setting)).toBe(true)
    expect(admits('fd00::1', setting)).toBe(true)
    expect(admits('127.0.0.1', setting, 'intranet.test')).toBe(true)
    expect(admits('127.0.0.1', setting, 'Intranet.test.')).toBe(true)
    expect(admits('127.0.0.1', setting, 'a.corp.test')).toBe(true)
    expect(admits('127.0.0.1', setting, 'corp.test')).toBe(false)
    expect(admits('8.8.4.4', setting, 'bad.corp.test')).toBe(false)
  })

  test('uses those of several addresses that it admits, and says which it refuses', () => {
    const guard = new AddressGuard('public')
    const good = { address: '8.8.8.8', family: 4 } as const
    const bad = { address: '10.0.0.1', family: 4 } as const
    expect(guard.admitted('a.test', [bad, good])).toEqual([good])
    expect(() => guard.admitted('a.test', [bad])).toThrow(
      'Cannot connect to "a.test": the guard does not allow 10.0.0.1',
    )
    expect(guard.admitted('a.test', [])).toEqual([])
  })

  test.each(['10.0.0.0/33', '10.0.0', 'a/b', '', '*', '1.2.3.4.5', 'a b'])(
    'refuses the rule "%s"',
    (rule) => {
      expect(() => new AddressGuard({ allow: [rule] })).toThrow(
        `Cannot use ${JSON.stringify(rule)} in "guard.allow": expected an address, a range or a name`,
      )
    },
  )

  test('refuses a setting that it does not know', () => {
    expect(() => new AddressGuard('private' as 'public')).toThrow('expected "public"')
    const misspelt: object = { Deny: ['10.0.0.1'] }
    expect(() => new AddressGuard(misspelt)).toThrow(
      'Cannot use "Deny" as an option of "guard", expected "deny"',
    )
  })
})
