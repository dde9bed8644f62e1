import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import {
  type ChunkTrace,
  type RedirectTrace,
  type RequestTrace,
  retry,
  type RetryEvent,
} from 'spool/client'
import { settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { answer, MemoryFixture, redirect, response } from '../../client/support/memory-server.ts'

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

/** What one channel of requests tells while `work` runs. */
async function heardOn<T>(name: string, work: () => Promise<unknown>): Promise<T[]> {
  const heard: T[] = []
  const listener = (message: unknown): void => void heard.push(message as T)
  subscribe(`spool:client:request:${name}`, listener)
  try {
    await work()
  } finally {
    unsubscribe(`spool:client:request:${name}`, listener)
  }
  return heard
}

async function* pieces(): AsyncGenerator<string> {
  yield 'he'
  yield ''
  yield 'llö'
}

describe('the channels of what is in a request', () => {
  it.each([
    ['a text', 'hellö', ['hellö']],
    ['bytes', Buffer.from('hellö'), ['hellö']],
    ['an iterable', pieces, ['he', 'llö']],
  ] as const)('tell of each piece of %s that is sent', async (_, body, sent) => {
    await using fixture = new MemoryFixture(answer('ok'))
    const chunks = await heardOn<ChunkTrace>('chunk-sent', async () => {
      const options = { body: typeof body === 'function' ? body() : body }
      expect(await fixture.session.post('/', options).text()).toBe('ok')
    })
    expect(chunks.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(sent)
    expect(chunks.map(({ size }) => size)).toEqual(sent.map((one) => Buffer.byteLength(one)))
    expect(chunks[0]?.request).toMatchObject({ method: 'POST', url: 'http://test/', status: 200 })
  })

  it('tell of each piece that comes', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
      await settle()
      peer.send('3\r\ntwo\r\n0\r\n\r\n')
    })
    const said: string[] = []
    const listener = (message: unknown): void => {
      said.push(Buffer.from((message as ChunkTrace).bytes).toString())
    }
    subscribe('spool:client:request:chunk-received', listener)
    expect(await fixture.session.get('/').text()).toBe('onetwo')
    unsubscribe('spool:client:request:chunk-received', listener)
    expect(said).toEqual(['one', 'two'])
  })

  it('tell when the head is sent, of a redirect, and of a repetition', async () => {
    await using fixture = new MemoryFixture(
      async (peer) => {
        await peer.request()
        peer.send(redirect(302, '/there'))
        await peer.request()
        peer.send(response('busy', { status: '503 Busy' }))
        await peer.request()
        peer.send(response('ok'))
      },
      { middleware: [retry({ delay: 0 })] },
    )
    const { session } = fixture
    let sent: RequestTrace[] = []
    let redirects: RedirectTrace[] = []
    const retries = await heardOn<RetryEvent>('retry', async () => {
      redirects = await heardOn<RedirectTrace>('redirect', async () => {
        sent = await heardOn<RequestTrace>('sent', async () => {
          expect(await session.get('/here').text()).toBe('ok')
        })
      })
    })
    expect(sent.map(({ url, status }) => [url, status])).toEqual([
      ['http://test/here', 302],
      ['http://test/there', 503],
      ['http://test/there', 200],
    ])
    for (const { startedAt, sentAt, respondedAt } of sent) {
      expect(startedAt).toBeLessThanOrEqual(sentAt ?? 0)
      expect(sentAt).toBeLessThanOrEqual(respondedAt ?? 0)
    }
    expect(redirects).toMatchObject([{ status: 302, url: 'http://test/there' }])
    expect(retries).toMatchObject([{ attempt: 1, status: 503, error: undefined }])
  })
})
