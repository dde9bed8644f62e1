import { Readable } from 'node:stream'
import { Agent, Client, fetch, interceptors, Pool, request } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serve, type Server } from 'spool/server'
import { turnUntil } from '../support/open-resources.ts'
import { interopApplication } from './interop-app.ts'

let server: Server

beforeEach(async () => {
  server = await serve(interopApplication(), { port: 0, host: '127.0.0.1' })
})

afterEach(async () => {
  await server.close()
  expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
})

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < 10; index++) yield Buffer.alloc(10_000, 'x')
}

describe('the server under undici', () => {
  it('answers every kind of request on one connection', async () => {
    const client = new Client(server.url)
    const send = async (
      method: 'GET' | 'HEAD' | 'POST',
      path: string,
      body: string | Readable | null = null,
    ): Promise<string> => {
      const response = await client.request({ method, path, body })
      const text = await response.body.text()
      return `${response.statusCode} ${text.length > 20 ? text.length : text}`
    }
    expect(await send('GET', '/')).toBe('200 Hello, world!')
    expect(await send('GET', '/chunked')).toBe('200 one two three')
    expect(await send('GET', '/large')).toBe('200 300000')
    expect(await send('GET', '/empty')).toBe('204 ')
    expect(await send('POST', '/echo', 'ping')).toBe('200 ping')
    expect(await send('POST', '/echo', Readable.from(pieces()))).toBe('200 100000')
    expect(await send('POST', '/duplex', Readable.from(pieces()))).toBe('200 100000')
    expect(await send('GET', '/nowhere')).toMatch(/^404 /)
    // The last, since undici trusts no connection behind an answer to HEAD.
    expect(await send('HEAD', '/large')).toBe('200 ')
    expect(server.statistics().accepted).toBe(1)
    await client.close()
  })

  it('answers what comes in one go in its order', async () => {
    const client = new Client(server.url, { pipelining: 20 })
    const paths = Array.from({ length: 200 }, (_, at) => (at % 5 === 0 ? '/chunked' : '/'))
    const texts = paths.map(async (path) =>
      (await client.request({ method: 'GET', path })).body.text(),
    )
    expect(await Promise.all(texts)).toEqual(
      paths.map((path) => (path === '/' ? 'Hello, world!' : 'one two three')),
    )
    expect(server.statistics().accepted).toBe(1)
    await client.close()
  })

  it('serves a pool', async () => {
    const pool = new Pool(server.url, { connections: 10 })
    const statuses = Array.from({ length: 100 }, async () => {
      const { statusCode, body } = await pool.request({ method: 'GET', path: '/large' })
      await body.dump({ limit: 1_000_000 })
      return statusCode
    })
    expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]))
    expect(server.statistics().accepted).toBeLessThanOrEqual(10)
    await pool.close()
  })

  it('refuses what is too large, and stops for who has left', async () => {
    const agent = new Agent()
    const small = await request(`${server.url}/small`, {
      method: 'POST',
      body: 'x'.repeat(2_000),
      dispatcher: agent,
    })
    expect(small.statusCode).toBe(413)
    await small.body.text()
    const leave = new AbortController()
    const options = { dispatcher: agent, signal: leave.signal }
    const waiting = request(`${server.url}/wait`, options).catch((error: Error) => error.name)
    const endless = await request(`${server.url}/endless`, options)
    endless.body.on('error', () => undefined)
    await turnUntil(() => server.statistics().active === 2)
    leave.abort()
    expect(await waiting).toBe('AbortError')
    await turnUntil(() => server.statistics().active === 0)
    expect(server.statistics().disconnected).toBe(2)
    await agent.close()
  })

  it('is followed through a redirect', async () => {
    const agent = new Agent().compose(interceptors.redirect({ maxRedirections: 1 }))
    const moved = await request(`${server.url}/moved`, { dispatcher: agent })
    expect(await moved.body.text()).toBe('Hello, world!')
    await agent.close()
    const own = new Agent()
    const response = await fetch(`${server.url}/moved`, { dispatcher: own })
    expect(await response.text()).toBe('Hello, world!')
    await own.close()
  })
})
