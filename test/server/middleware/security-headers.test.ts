import { Application, HTTPError, securityHeaders, text } from 'spool/server'
import { describe, expect, test } from 'vitest'

async function ask(app: Application, url: string): Promise<Record<string, string>> {
  const { headers } = await app.fetch(new Request(url))
  return Object.fromEntries(headers)
}

describe('securityHeaders()', () => {
  test('tells browsers to be careful, on errors too', async () => {
    const app = new Application().use(securityHeaders()).get('/', () => {
      throw new HTTPError(400)
    })
    const plain = await ask(app, 'http://a/')
    expect(plain).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'self'") as string,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
    })
    expect(plain).not.toHaveProperty('strict-transport-security')
    expect(await ask(app, 'https://a/')).toHaveProperty(
      'strict-transport-security',
      'max-age=31536000; includeSubDomains',
    )
  })

  test('leaves what a handler has set, and what it is told to leave', async () => {
    const app = new Application()
      .use(
        securityHeaders({ frameOptions: 'DENY', referrerPolicy: false, permissionsPolicy: 'a=()' }),
      )
      .get('/', () => text('x', { headers: { 'x-content-type-options': 'own' } }))
    const headers = await ask(app, 'http://a/')
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'own',
      'permissions-policy': 'a=()',
    })
    expect(headers).not.toHaveProperty('referrer-policy')
  })

  test('refuses options that there are not', () => {
    expect(() => securityHeaders({ xssFilter: '1' } as never)).toThrow(
      'Unknown option "xssFilter" of securityHeaders(): expected one of contentSecurityPolicy',
    )
  })
})
