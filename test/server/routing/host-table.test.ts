import { expect, test } from 'vitest'
import { HostTable } from '../../../src/server/routing/host-table.ts'

const table = new HostTable<string>()
table.add('Example.org', 'bare')
table.add('{tenant}.example.org', 'tenant')
table.add('api.example.org', 'api')
table.add('{a}.{b}.example.org', 'two')

test.each([
  ['example.org', 'bare {}'],
  ['EXAMPLE.ORG:8080', 'bare {}'],
  ['example.org.', 'bare {}'],
  ['api.example.org', 'api {}'],
  ['ada.example.org:443', 'tenant {"tenant":"ada"}'],
  ['x.y.example.org', 'two {"a":"x","b":"y"}'],
  ['x.y.z.example.org', undefined],
  ['.example.org', undefined],
  ['example.org.evil.com', undefined],
  ['notexample.org', undefined],
  ['[::1]:80', undefined],
  ['', undefined],
])('find() of %j is %j', (host, expected) => {
  const match = table.find(host)
  expect(match && `${match.value} ${JSON.stringify(match.params)}`).toBe(expected)
})

test.each(['', 'a..b', '-a.b', 'a.b:80', '*.b', '{a}x.b', 'a b'])('add() refuses %j', (host) => {
  expect(() => new HostTable().add(host, 1)).toThrow(`Invalid host ${JSON.stringify(host)}`)
})

test('add() refuses what matches the same', () => {
  expect(() => table.add('API.example.org', '')).toThrow('another one matches the same')
  expect(() => table.add('{other}.example.org', '')).toThrow('another one matches the same')
})
