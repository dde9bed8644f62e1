import { describe, expect, it } from 'vitest'
import { type ClientMiddleware, log, retry } from 'spool/client'
import { rejectionOf } from '../../support/rejection.ts'
import { MemoryFixture, response } from '../support/memory-server.ts'

const failure = new Error('no')

const failing: ClientMiddleware = async (request, next) => {
  await next(request)
  throw failure
}

const wrong: ClientMiddleware = async (request, next) => {
  await next(request)
  return undefined as never
}

function throwing(): never {
  throw failure
}

/** Answers with a head and a part of a body each time, and with all of it to what asks for `/whole`. */
function stalled(middleware: ClientMiddleware[]): MemoryFixture {
  return new MemoryFixture(
    async (peer) => {
      for (;;) {
        const { target } = await peer.request()
        if (target === '/whole') peer.send(response('whole'))
        else peer.send('HTTP/1.1 503 Busy\r\nContent-Length: 10\r\n\r\nabc')
      }
    },
    { middleware, limit: 1 },
  )
}

describe('a response that a middleware was given', () => {
  it.each([
    ['throws after next()', failing],
    ['returns what is no response', wrong],
    ['tells a log() that throws', log(throwing)],
    ['tells a retry() that throws', retry({ onRetry: throwing })],
  ])('is released where it %s', async (_, middleware) => {
    await using fixture = stalled([middleware])
    await rejectionOf(fixture.session.get('/'))
    expect(fixture.session.statistics()).toMatchObject({ active: 0, requests: 0 })
    expect(fixture.server.open).toBe(0)
  })

  it('is released where it goes on once more, and the next one is not', async () => {
    await using fixture = stalled([
      async (request, next) => {
        await next(request)
        return next({ ...request, url: 'http://test/whole' })
      },
    ])
    expect(await fixture.session.get('/').text()).toBe('whole')
    expect(fixture.server.peers.map(({ closed }) => closed)).toEqual([true, false])
  })

  it('stays where it was read, and may be returned after another', async () => {
    await using fixture = stalled([
      async (request, next) => {
        const first = await next(request)
        await first.bytes()
        await (await next(request)).bytes()
        return first
      },
    ])
    expect(await fixture.session.get('/whole').text()).toBe('whole')
  })
})
