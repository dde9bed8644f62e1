import { describe, expect, it } from 'vitest'
import { digestAuth } from 'spool/client'
import { MemoryFixture, redirect, response, type SeenRequest } from '../support/memory-server.ts'

const ada = { username: 'ada', password: 'secret' }

function challenge(nonce: string, more = ''): Buffer {
  const fields = `WWW-Authenticate: Digest realm="r", nonce="${nonce}", qop="auth"${more}\r\n`
  return response('who are you?', { status: '401 Unauthorized', fields })
}

function parameter({ headers }: SeenRequest, name: string): string | undefined {
  return new RegExp(`(?:^Digest |, )${name}="?([^",]*)`).exec(headers['authorization'] ?? '')?.[1]
}

/** A session against a server that does this with each request. */
function fixtureOf(
  answer: (request: SeenRequest, count: number) => string | Uint8Array,
  options: Partial<Parameters<typeof digestAuth>[0]> = {},
): { fixture: MemoryFixture; seen: SeenRequest[] } {
  const seen: SeenRequest[] = []
  const fixture = new MemoryFixture(
    async (peer) => {
      for (;;) {
        const request = await peer.request()
        seen.push(request)
        peer.send(answer(request, seen.length))
      }
    },
    { middleware: [digestAuth({ ...ada, ...options })] },
  )
  return { fixture, seen }
}

describe('digestAuth()', () => {
  it('answers a challenge, and brings the answer along from then on', async () => {
    const { fixture, seen } = fixtureOf((_, count) =>
      count === 1 ? challenge('n') : response('in'),
    )
    await using _ = fixture
    expect(await fixture.session.get('/a?b=c').text()).toBe('in')
    expect(await fixture.session.get('/d').text()).toBe('in')
    expect(seen.map((one) => [one.target, parameter(one, 'uri'), parameter(one, 'nc')])).toEqual([
      ['/a?b=c', undefined, undefined],
      ['/a?b=c', '/a?b=c', '00000001'],
      ['/d', '/d', '00000002'],
    ])
    // The body of the challenge was read away: all came over one connection.
    expect(fixture.server.peers).toHaveLength(1)
  })

  it('asks first each time where it is not preemptive', async () => {
    const { fixture, seen } = fixtureOf(
      ({ headers }) => (headers['authorization'] === undefined ? challenge('n') : response('in')),
      { preemptive: false },
    )
    await using _ = fixture
    await fixture.session.get('/').text()
    await fixture.session.get('/').text()
    expect(seen.map((one) => one.headers['authorization'] !== undefined)).toEqual([
      false,
      true,
      false,
      true,
    ])
  })

  it('counts the answers to one nonce together, also of requests that are sent at once', async () => {
    const { fixture, seen } = fixtureOf(({ headers }) =>
      headers['authorization'] === undefined ? challenge('n') : response('in'),
    )
    await using _ = fixture
    await Promise.all(['/a', '/b', '/c'].map((path) => fixture.session.get(path).text()))
    const counts = seen.map((one) => parameter(one, 'nc')).filter((one) => one !== undefined)
    expect(counts.sort()).toEqual(['00000001', '00000002', '00000003'])
  })

  it('takes a new nonce that is stale, and one that is announced', async () => {
    const { fixture, seen } = fixtureOf((request, count) => {
      if (count === 1) return challenge('a')
      if (count === 3) return challenge('b', ', stale=true')
      return response('in', {
        fields: parameter(request, 'nonce') === 'b' ? 'Authentication-Info: nextnonce="c"\r\n' : '',
      })
    })
    await using _ = fixture
    for (let time = 0; time < 3; time++) expect(await fixture.session.get('/').text()).toBe('in')
    expect(seen.map((one) => [parameter(one, 'nonce'), parameter(one, 'nc')])).toEqual([
      [undefined, undefined],
      ['a', '00000001'],
      ['a', '00000002'],
      ['b', '00000001'],
      ['c', '00000001'],
    ])
  })

  it('hands on a 401 to an answer that was not right', async () => {
    const { fixture, seen } = fixtureOf(() => challenge('n'))
    await using _ = fixture
    expect((await fixture.session.get('/')).status).toBe(401)
    expect((await fixture.session.get('/')).status).toBe(401)
    expect(seen).toHaveLength(3)
  })

  it('answers no other origin, also where a redirect leads there', async () => {
    const { fixture, seen } = fixtureOf(({ headers }) =>
      headers['host'] === 'test' ? redirect(302, 'http://evil/') : challenge('n'),
    )
    await using _ = fixture
    expect((await fixture.session.get('/')).status).toBe(401)
    expect(seen.every((one) => one.headers['authorization'] === undefined)).toBe(true)
  })

  it('brings answers along only where the domain of the challenge says so', async () => {
    const { fixture, seen } = fixtureOf(({ headers, target }) => {
      if (!target.startsWith('/private') || headers['authorization'] !== undefined)
        return response()
      return challenge('n', ', domain="/private http://other/"')
    })
    await using _ = fixture
    for (const path of ['/private', '/private/x', '/public']) await fixture.session.get(path).text()
    expect(seen.map((one) => [one.target, parameter(one, 'nc')])).toEqual([
      ['/private', undefined],
      ['/private', '00000001'],
      ['/private/x', '00000002'],
      ['/public', undefined],
    ])
  })

  it('sends a body again, and hands the challenge on where it can’t', async () => {
    const { fixture, seen } = fixtureOf(({ headers }) =>
      headers['authorization'] === undefined ? challenge('n') : response('in'),
    )
    await using _ = fixture
    const once = (function* () {
      yield 'x'
    })()
    expect((await fixture.session.post('/', { body: once })).status).toBe(401)
    expect(await fixture.session.post('/', { json: { a: 1 } }).text()).toBe('in')
    expect(seen.at(-1)?.body).toBe('{"a":1}')
  })

  it('leaves other challenges, and requests with an authorization of their own', async () => {
    const { fixture, seen } = fixtureOf(() =>
      response('', { status: '401 No', fields: 'WWW-Authenticate: Basic realm="r"\r\n' }),
    )
    await using _ = fixture
    expect((await fixture.session.get('/')).status).toBe(401)
    expect((await fixture.session.get('/', { auth: { token: 't' } })).status).toBe(401)
    expect(seen.map(({ headers }) => headers['authorization'])).toEqual([undefined, 'Bearer t'])
  })
})
