import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import type { RequestTrace } from 'spool/client'
import { rejectionOf } from '../support/rejection.ts'
import { MemoryFixture, redirect, response } from '../client/support/memory-server.ts'

const channels = ['start', 'response', 'end', 'error'].map((name) => `spool:client:request:${name}`)

/** What the channels tell while `work` runs. */
async function toldOf(work: () => Promise<unknown>): Promise<[string, RequestTrace][]> {
  const told: [string, RequestTrace][] = []
  const listener = (message: unknown, name: string | symbol): void => {
    told.push([String(name).slice('spool:client:request:'.length), message as RequestTrace])
  }
  for (const name of channels) subscribe(name, listener)
  try {
    await work()
  } finally {
    for (const name of channels) unsubscribe(name, listener)
  }
  return told
}

describe('the channels of requests', () => {
  it('tell of each request that is sent, as one object', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(redirect(302, '/there'))
      await peer.request()
      peer.send(response('ok'))
    })
    const told = await toldOf(() => fixture.session.get('http://ada:secret@test/here').text())
    expect(told.map(([name, { method, url, status }]) => [name, method, url, status])).toEqual([
      ['start', 'GET', 'http://test/here', 302],
      ['response', 'GET', 'http://test/here', 302],
      ['end', 'GET', 'http://test/here', 302],
      ['start', 'GET', 'http://test/there', 200],
      ['response', 'GET', 'http://test/there', 200],
      ['end', 'GET', 'http://test/there', 200],
    ])
    expect(new Set(told.map(([, trace]) => trace)).size).toBe(2)
    const trace = told[5]?.[1]
    expect(trace?.startedAt).toBeLessThanOrEqual(trace?.respondedAt ?? 0)
    expect(trace?.respondedAt).toBeLessThanOrEqual(trace?.endedAt ?? 0)
  })

  it('tell of what failed, once', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.reset()
    })
    let error: unknown
    const told = await toldOf(async () => {
      error = await rejectionOf(fixture.session.post('/').text())
    })
    expect(told.map(([name]) => name)).toEqual(['start', 'error'])
    expect(told[1]?.[1]).toMatchObject({ status: undefined, error })
  })

  it('tell of what middlewares repeat, and of a body that breaks off by its end', async () => {
    await using fixture = new MemoryFixture(
      async (peer) => {
        await peer.request()
        peer.send(response('busy', { status: '503 Busy' }))
        await peer.request()
        peer.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')
        peer.end()
      },
      {
        middleware: [
          async (request, next) => {
            await (await next(request)).bytes()
            return next(request)
          },
        ],
      },
    )
    let error: unknown
    const told = await toldOf(async () => {
      error = await rejectionOf(fixture.session.get('/').text())
    })
    expect(told.map(([, trace]) => trace.error).slice(2)).toEqual([undefined, error, error, error])
    expect(error).toMatchObject({ code: 'SPOOL_TRANSFER' })
    expect(told.map(([name, { status }]) => [name, status])).toEqual([
      ['start', 503],
      ['response', 503],
      ['end', 503],
      ['start', 200],
      ['response', 200],
      ['end', 200],
    ])
  })
})
