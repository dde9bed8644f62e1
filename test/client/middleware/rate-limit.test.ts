import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { gather } from 'spool'
import { log, rateLimit, type RequestLog } from 'spool/client'
import { MockClock } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { answer, MemoryFixture } from '../support/memory-server.ts'

let clock: MockClock

beforeEach(() => {
  clock = MockClock.install({ autoJump: true })
})

afterEach(() => {
  clock[Symbol.dispose]()
})

/** When each request was sent, in milliseconds from the first. */
function fixtureOf(limit: ReturnType<typeof rateLimit>): {
  fixture: MemoryFixture
  sent: [string, number][]
} {
  const sent: [string, number][] = []
  const begun = clock.now()
  const fixture = new MemoryFixture(answer('ok'), {
    middleware: [
      limit,
      (request, next) => {
        sent.push([request.url, clock.now() - begun])
        return next(request)
      },
    ],
  })
  return { fixture, sent }
}

describe('rateLimit()', () => {
  it('lets requests begin in the order in which they came, so many in a time', async () => {
    const { fixture, sent } = fixtureOf(rateLimit({ limit: 10, burst: 2 }))
    await using _ = fixture
    await gather(...['/a', '/b', '/c', '/d'].map((path) => () => fixture.session.get(path).text()))
    expect(sent).toEqual([
      ['http://test/a', 0],
      ['http://test/b', 0],
      ['http://test/c', 100],
      ['http://test/d', 200],
    ])
  })

  it('counts for each host by itself where that is asked for', async () => {
    const { fixture, sent } = fixtureOf(rateLimit({ limit: 1, perHost: true }))
    await using _ = fixture
    const urls = ['http://a/', 'http://b/', 'http://a/x']
    await gather(...urls.map((url) => () => fixture.session.get(url).text()))
    expect(sent).toEqual([
      ['http://a/', 0],
      ['http://b/', 0],
      ['http://a/x', 1000],
    ])
  })

  it('refuses a request that would wait for too long', async () => {
    const { fixture, sent } = fixtureOf(rateLimit({ limit: 1, maxWait: 500 }))
    await using _ = fixture
    await fixture.session.get('/').text()
    const error = await rejectionOf(fixture.session.get('/').text())
    expect(error).toMatchObject({ code: 'SPOOL_BUSY' })
    expect(sent).toHaveLength(1)
  })

  it('refuses numbers that make no sense', () => {
    expect(() => rateLimit({ limit: 0 })).toThrow(RangeError)
    expect(() => rateLimit({ limit: 1, maxWait: -1 })).toThrow(RangeError)
  })
})

describe('log()', () => {
  it('tells what became of each request, without user and password', async () => {
    const entries: RequestLog[] = []
    await using fixture = new MemoryFixture(
      async (peer, index) => {
        await peer.request()
        if (index === 0) peer.respond('x', { fields: 'Connection: close\r\n' })
        else peer.reset()
      },
      { middleware: [log((entry) => void entries.push(entry))] },
    )
    await fixture.session.get('http://ada:secret@test/a').text()
    const error = await rejectionOf(fixture.session.post('/b').text())
    expect(entries).toEqual([
      { method: 'GET', url: 'http://test/a', status: 200, duration: 0, error: undefined },
      { method: 'POST', url: 'http://test/b', status: undefined, duration: 0, error },
    ])
  })
})
