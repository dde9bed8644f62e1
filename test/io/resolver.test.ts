import { expect, test } from 'vitest'
import { staticResolver, systemResolver } from '../../src/io/resolver.ts'

test('staticResolver() knows the names that it was given, in any case', async () => {
  const resolver = staticResolver({ 'One.test': '127.0.0.1', 'two.test': ['::1', '127.0.0.2'] })
  expect(await resolver.resolve('one.TEST')).toEqual([{ address: '127.0.0.1', family: 4 }])
  expect(await resolver.resolve('two.test')).toEqual([
    { address: '::1', family: 6 },
    { address: '127.0.0.2', family: 4 },
  ])
})

test('staticResolver() fails for other names as the system does', async () => {
  await expect(staticResolver({}).resolve('one.test')).rejects.toMatchObject({ code: 'ENOTFOUND' })
})

test('systemResolver finds localhost, which needs no network', async () => {
  const addresses = await systemResolver.resolve('localhost')
  expect(addresses.length).toBeGreaterThan(0)
  for (const { address } of addresses) expect(['127.0.0.1', '::1']).toContain(address)
})

test('systemResolver fails for a name that can not be', async () => {
  // No label is longer than 63 (RFC 1035 §2.3.4): refused before any server is asked.
  await expect(systemResolver.resolve(`${'x'.repeat(64)}.test`)).rejects.toMatchObject({
    syscall: 'getaddrinfo',
  })
})
