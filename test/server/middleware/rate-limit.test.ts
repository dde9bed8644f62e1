import { Application, rateLimit, type RateLimitOptions, text } from 'spool/server'
import { MockClock } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { type RequestOrigin, ServerRequest } from '../../../src/server/messages/server-request.ts'
import { ServerResponse } from '../../../src/server/messages/server-response.ts'

async function ask(app: Application, key = 'a'): Promise<string> {
  const response = await app.fetch(new Request('http://a/', { headers: { 'x-key': key } }))
  const { headers } = response
  return [response.status, headers.get('ratelimit'), headers.get('retry-after')].join(' ').trim()
}

function key(request: ServerRequest): string | undefined {
  return request.headers.get('x-key') || undefined
}

function application(options: RateLimitOptions): Application {
  return new Application().use(rateLimit({ key, ...options })).get('/', () => text('x'))
}

/** Whether a request from this address is let through by a limit of one. */
function from(limit: ReturnType<typeof rateLimit>, remoteAddress: string | undefined): boolean {
  const head = { method: 'GET', target: '/', fields: [], framing: 'none', contentLength: 0 }
  const origin: RequestOrigin = { remoteAddress, secure: false, authority: 'a' }
  const request = new ServerRequest(head as never, origin)
  try {
    void limit(request, () => new ServerResponse())
    return true
  } catch {
    return false
  }
}

describe('rateLimit()', () => {
  test('lets a burst through, and then as many as come in', async () => {
    using clock = MockClock.install()
    const app = application({ limit: 3, interval: 30_000 })
    expect(await ask(app)).toBe('200 "default";r=2;t=10')
    expect(await ask(app)).toBe('200 "default";r=1;t=20')
    expect(await ask(app)).toBe('200 "default";r=0;t=30')
    expect(await ask(app)).toBe('429 "default";r=0;t=30 10')
    expect(await ask(app, 'b')).toBe('200 "default";r=2;t=10')
    await clock.advance(9_999)
    expect(await ask(app)).toBe('429 "default";r=0;t=21 1')
    await clock.advance(1)
    expect(await ask(app)).toBe('200 "default";r=0;t=30')
    await clock.advance(60_000)
    expect(await ask(app)).toBe('200 "default";r=2;t=10')
  })

  test('tells its policy, and spaces requests evenly with a burst of one', async () => {
    using clock = MockClock.install()
    const app = application({ limit: 2, interval: 1_000, burst: 1 })
    const response = await app.fetch(new Request('http://a/', { headers: { 'x-key': 'a' } }))
    expect(response.headers.get('ratelimit-policy')).toBe('"default";q=1;w=1')
    expect(await ask(app)).toMatch(/^429 /)
    await clock.advance(500)
    expect(await ask(app)).toMatch(/^200 /)
  })

  test('counts no request without a key', async () => {
    const app = application({ limit: 1 })
    for (let count = 0; count < 3; count++) expect(await ask(app, '')).toBe('200')
  })

  test('remembers so many keys, and forgets the one not seen for longest', async () => {
    using _clock = MockClock.install()
    const app = application({ limit: 1, maxKeys: 2 })
    await ask(app, 'a')
    await ask(app, 'b')
    expect(await ask(app, 'a')).toMatch(/^429 /)
    await ask(app, 'c')
    expect(await ask(app, 'a')).toMatch(/^429 /)
    expect(await ask(app, 'b')).toMatch(/^200 /)
  })

  test('takes addresses of one network of IPv6 for one client', () => {
    const limit = rateLimit({ limit: 1 })
    expect(from(limit, '2001:db8:1:2:3::4')).toBe(true)
    expect(from(limit, '2001:db8:1:2::ffff')).toBe(false)
    expect(from(limit, '2001:0db8:0001:0002::')).toBe(false)
    expect(from(limit, '2001:db8:1:3::')).toBe(true)
    expect(from(limit, '::1')).toBe(true)
    expect(from(limit, '0:0:0:0:5::')).toBe(false)
    expect(from(limit, '10.0.0.1')).toBe(true)
    expect(from(limit, '::ffff:10.0.0.1')).toBe(false)
    expect(from(limit, '10.0.0.2')).toBe(true)
    expect(from(limit, undefined)).toBe(true)
    expect(from(limit, undefined)).toBe(false)
  })

  test.each<Partial<RateLimitOptions>>([
    { limit: 0 },
    { interval: -1 },
    { burst: 0 },
    { maxKeys: 0 },
  ])('refuses %j', (options) => {
    expect(() => rateLimit({ limit: 1, ...options })).toThrow(RangeError)
  })
})
