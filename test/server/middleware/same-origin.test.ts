import { Application, sameOrigin, type SameOriginOptions, text } from 'spool/server'
import { describe, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'

async function ask(
  fields: Record<string, string>,
  options: SameOriginOptions = {},
  method = 'POST',
): Promise<number> {
  const app = new Application().use(sameOrigin(options)).route('*', '/', () => text('x'))
  const server = new MemoryServer(app)
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const client = await server
    .connect()
    .send(`${method} / HTTP/1.1\r\nhost: shop.example\r\n${lines.join('')}\r\n`)
  const [status = 0] = client.statuses()
  await client.end()
  server.host.end()
  return status
}

describe('sameOrigin()', () => {
  test.each<[Record<string, string>, number]>([
    [{}, 200],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site', origin: 'http://shop.example' }, 403],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://friend.example' }, 200],
    [{ origin: 'http://shop.example' }, 200],
    [{ origin: 'https://shop.example' }, 200],
    [{ origin: 'http://shop.example:81' }, 403],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'nonsense' }, 403],
  ])('answers a POST with %j with %d', async (fields, status) => {
    expect(await ask(fields, { trusted: ['https://friend.example'] })).toBe(status)
  })

  test('lets through what changes nothing', async () => {
    const fields = { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' }
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(await ask(fields, {}, method)).toBe(200)
    for (const method of ['PUT', 'DELETE', 'PATCH', 'BREW']) {
      expect(await ask(fields, {}, method)).toBe(403)
    }
  })

  test('lets subdomains and exceptions through if it is told to', async () => {
    expect(await ask({ 'sec-fetch-site': 'same-site' }, { sameSite: true })).toBe(200)
    expect(await ask({ 'sec-fetch-site': 'cross-site' }, { sameSite: true })).toBe(403)
    expect(await ask({ origin: 'null' }, { skip: ({ path }) => path === '/' })).toBe(200)
  })

  test('refuses origins that are none', () => {
    expect(() => sameOrigin({ trusted: ['https://a/'] })).toThrow('Invalid origin "https://a/"')
  })
})
