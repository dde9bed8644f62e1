import { describe, expect, it } from 'vitest'
import { moveOnAfter, sleep, timeout } from 'spool'
import { type ClientMiddleware, ResponseError } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { rejectionOf } from '../support/rejection.ts'
import { Uncaught } from '../support/uncaught.ts'
import {
  answer,
  answerEach,
  checkNothingLeft,
  MemoryFixture,
  redirect,
  response,
} from './support/memory-server.ts'

const through: ClientMiddleware = (request, next) => next(request)

/** Sends a request again while it is answered with 503. */
const retry: ClientMiddleware = async (request, next) => {
  for (let attempt = 0; ; attempt++) {
    const response = await next(request)
    if (response.status !== 503 || attempt === 3) return response
    await response.close()
    await sleep(100 * 2 ** attempt)
  }
}

describe('a middleware of the session', () => {
  it('changes what is sent, and sees what comes', async () => {
    const seen: string[] = []
    const middleware: ClientMiddleware = async (request, next) => {
      seen.push(`${request.method} ${request.url}`)
      request.headers.set('X-Added', '1')
      const response = await next(request)
      seen.push(String(response.status))
      return response
    }
    await using fixture = new MemoryFixture(
      async (peer) => {
        for (;;) peer.respond((await peer.request()).headers['x-added'])
      },
      { middleware: [middleware] },
    )
    expect(await fixture.session.get('/a').text()).toBe('1')
    expect(await fixture.session.get('/a', { headers: { 'X-Own': '2' } }).text()).toBe('1')
    expect(seen).toEqual(['GET http://test/a', '200', 'GET http://test/a', '200'])
  })

  it('does not see what another request was given', async () => {
    const sent: (string | null)[] = []
    const middleware: ClientMiddleware = (request, next) => {
      sent.push(request.headers.get('x-added'))
      request.headers.append('X-Added', '1')
      return next(request)
    }
    await using fixture = new MemoryFixture(answer('hello'), { middleware: [middleware] })
    await fixture.session.get('/').text()
    await fixture.session.get('/').text()
    expect(sent).toEqual([null, null])
  })

  it('is called in order, the first outermost', async () => {
    const order: string[] = []
    const named =
      (name: string): ClientMiddleware =>
      async (request, next) => {
        order.push(`> ${name}`)
        const response = await next(request)
        order.push(`< ${name}`)
        return response
      }
    await using fixture = new MemoryFixture(answer('hello'), {
      middleware: [named('a'), named('b')],
    })
    await fixture.session.get('/')
    expect(order).toEqual(['> a', '> b', '< b', '< a'])
  })

  it('lets every way to read the body work', async () => {
    await using fixture = new MemoryFixture(answer('{"a":1}\n'), { middleware: [through] })
    const { session } = fixture
    expect(await session.get('/').text()).toBe('{"a":1}\n')
    expect(await session.get('/').json()).toEqual({ a: 1 })
    expect(await session.get('/').bytes()).toHaveLength(8)
    for await (const line of session.get('/').lines()) expect(line).toBe('{"a":1}')
    const response = await session.get('/')
    for await (const chunk of response.body) expect(chunk).toHaveLength(8)
    const request = session.get('/')
    await settle()
    expect(await request.text()).toBe('{"a":1}\n')
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1 })
  })

  it('may call next() again, and gives the last response', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(
      answerEach(
        response('', { status: '503 Busy' }),
        response('', { status: '503 Busy' }),
        response('at last'),
      ),
      { middleware: [retry] },
    )
    const body = fixture.session.post('/', { body: 'again' }).text()
    await clock.advance(1000)
    expect(await body).toBe('at last')
    expect(clock.now()).toBe(1000)
  })

  it('sees the status that "raiseForStatus" makes an error of outside', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(
      answerEach(
        response('', { status: '503 Busy' }),
        response('missing', { status: '404 Not Found' }),
      ),
      { middleware: [retry], raiseForStatus: true },
    )
    const failure = rejectionOf(fixture.session.get('/').text())
    await clock.advance(1000)
    const error = await failure
    expect(error).toBeInstanceOf(ResponseError)
    expect(error).toMatchObject({ status: 404, body: 'missing' })
  })

  it('that fails, fails the request', async () => {
    const failure = new Error('no')
    await using fixture = new MemoryFixture(answer('hello'), {
      middleware: [() => Promise.reject(failure)],
    })
    expect(await rejectionOf(fixture.session.get('/'))).toBe(failure)
    expect(await rejectionOf(fixture.session.get('/').text())).toBe(failure)
    expect(fixture.server.peers).toHaveLength(0)
  })

  it('that throws at once, fails the request', async () => {
    const failure = new Error('no')
    await using fixture = new MemoryFixture(answer('hello'), {
      middleware: [
        () => {
          throw failure
        },
      ],
    })
    expect(await rejectionOf(fixture.session.get('/').text())).toBe(failure)
  })

  it('that returns no response, fails the request', async () => {
    await using fixture = new MemoryFixture(answer('hello'), {
      middleware: [(() => Promise.resolve('hello')) as unknown as ClientMiddleware],
    })
    expect(await rejectionOf(fixture.session.get('/').text())).toBeInstanceOf(TypeError)
  })

  it('may answer with the response of another request', async () => {
    await using fixture = new MemoryFixture(
      async (peer) => {
        for (;;) peer.respond((await peer.request()).target)
      },
      { middleware: [(request, next) => next({ ...request, url: 'http://test/cached' })] },
    )
    expect(await fixture.session.get('/').text()).toBe('/cached')
  })

  it('may catch what fails', async () => {
    await using fixture = new MemoryFixture(
      async (peer, index) => {
        await peer.request()
        if (index === 0) peer.end()
        else peer.respond('hello')
      },
      {
        middleware: [
          async (request, next) => {
            try {
              return await next(request)
            } catch {
              return next(request)
            }
          },
        ],
      },
    )
    expect(await fixture.session.get('/').text()).toBe('hello')
  })

  it('may limit the time of each attempt', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(
      async (peer, index) => {
        await peer.request()
        if (index > 0) peer.respond('hello')
      },
      {
        middleware: [
          async (request, next) => {
            const first = await moveOnAfter(1000, () => next(request))
            return first.value ?? (await next(request))
          },
        ],
      },
    )
    const body = fixture.session.get('/').text()
    await clock.advance(1100)
    expect(await body).toBe('hello')
    expect(fixture.server.peers.map(({ closed }) => closed)).toEqual([true, false])
  })

  it('sees each redirect', async () => {
    const statuses: number[] = []
    await using fixture = new MemoryFixture(
      answerEach(redirect(302, '/there'), response('there')),
      {
        middleware: [
          async (request, next) => {
            const response = await next(request)
            statuses.push(response.status)
            return response
          },
        ],
      },
    )
    expect(await fixture.session.get('/').text()).toBe('there')
    expect(statuses).toEqual([302, 200])
  })

  it('is cancelled with the scope of its request', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(answer('', { status: '503 Busy' }), { middleware: [retry] })
    const failure = rejectionOf(timeout(150, () => fixture.session.get('/').text()))
    await clock.advance(150)
    expect(await failure).toMatchObject({ code: 'SPOOL_TIMEOUT' })
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })

  it('does not put off the timeout of the whole', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(
      (peer) => peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel'),
      { middleware: [through], timeout: 1000 },
    )
    const failures = [
      rejectionOf(fixture.session.get('/').text()),
      fixture.session.get('/').then((response) => rejectionOf(response.text())),
    ]
    await clock.advance(1110)
    for (const failure of failures) {
      expect(await failure).toMatchObject({ code: 'SPOOL_TIMEOUT', phase: 'total', timeout: 1000 })
    }
    await checkNothingLeft(fixture)
  })

  it('whose request nobody awaits loses no error', async () => {
    using uncaught = new Uncaught()
    const failure = new Error('no')
    await using fixture = new MemoryFixture(answer('hello'), {
      middleware: [() => Promise.reject(failure)],
    })
    void fixture.session.get('/')
    await settle()
    expect(uncaught.errors).toEqual([failure])
  })

  it('is waited for by close(), and may go on meanwhile', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(
      answerEach(response('', { status: '503 Busy' }), response('at last')),
      { middleware: [retry] },
    )
    const body = fixture.session.get('/').text()
    await settle()
    const closing = fixture.session.close()
    await clock.advance(1000)
    expect(await body).toBe('at last')
    await closing
    await checkNothingLeft(fixture)
  })
})
