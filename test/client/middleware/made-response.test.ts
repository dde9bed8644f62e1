import { describe, expect, it } from 'vitest'
import {
  type ClientMiddleware,
  type ClientRequest,
  type ClientResponse,
  ClientSession,
  makeResponse,
} from 'spool/client'
import { MockTransport } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'

/** Keeps what was answered to GET for ever. */
function toyCache(): ClientMiddleware {
  const kept = new Map<string, { status: number; headers: [string, string][]; body: Uint8Array }>()
  return async (request, next) => {
    const found = kept.get(request.url)
    if (found !== undefined) return makeResponse(request, found)
    const response = await next(request)
    if (request.method !== 'GET' || !response.ok) return response
    const { status } = response
    const body = await response.bytes()
    kept.set(request.url, { status, headers: [...response.headers], body })
    // What was read as a whole can be read again.
    return response
  }
}

/** Asks no more after two failures in a row. */
function toyBreaker(): ClientMiddleware {
  let failures = 0
  return async (request, next) => {
    if (failures >= 2) return makeResponse(request, { status: 503, body: 'open' })
    const response = await next(request)
    failures = response.status >= 500 ? failures + 1 : 0
    return response
  }
}

function elsewhere(request: ClientRequest): ClientResponse {
  return request.url.endsWith('/from')
    ? makeResponse(request, { status: 302, headers: { Location: '/to' } })
    : makeResponse(request, { body: 'a\nb' })
}

describe('makeResponse()', () => {
  it('carries a cache', async () => {
    await using mock = new MockTransport().on('GET', '/', {
      json: { a: 1 },
      headers: { 'X-A': '1' },
    })
    await using session = new ClientSession({ transport: mock, middleware: [toyCache()] })
    for (let time = 0; time < 3; time++) {
      const response = await session.get('http://api.test/')
      expect([response.status, response.url, response.headers.get('x-a')]).toEqual([
        200,
        'http://api.test/',
        '1',
      ])
      expect(await response.json()).toEqual({ a: 1 })
      expect(await session.get('http://api.test/').json()).toEqual({ a: 1 })
    }
    expect(mock.requests).toHaveLength(1)
    expect(session.statistics()).toMatchObject({ requests: 0, active: 0 })
  })

  it('carries a circuit breaker', async () => {
    await using mock = new MockTransport().on('GET', '/', { status: 500 })
    await using session = new ClientSession({ transport: mock, middleware: [toyBreaker()] })
    const statuses: number[] = []
    for (let time = 0; time < 4; time++) {
      statuses.push((await session.get('http://api.test/')).status)
    }
    expect(statuses).toEqual([500, 500, 503, 503])
    expect(mock.requests).toHaveLength(2)
    const raised = await rejectionOf(session.get('http://api.test/', { raiseForStatus: true }))
    expect(raised).toMatchObject({ status: 503, body: 'open' })
  })

  it('is read as any other, followed as a redirect, and has no times', async () => {
    await using session = new ClientSession({ middleware: [elsewhere] })
    const response = await session.get('http://api.test/from')
    expect([response.url, response.redirected]).toEqual(['http://api.test/to', true])
    const lines: string[] = []
    for await (const line of response.lines()) lines.push(line)
    expect(lines).toEqual(['a', 'b'])
    expect(response.timings).toMatchObject({ pool: 0, connect: 0, headers: 0, body: 0 })
    expect(await session.get('http://api.test/to').bytes()).toHaveLength(3)
  })

  it('refuses what is no status', async () => {
    await using session = new ClientSession({
      middleware: [(request) => makeResponse(request, { status: 101 })],
    })
    expect(await rejectionOf(session.get('http://api.test/').text())).toBeInstanceOf(RangeError)
  })
})
