import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { taskGroup } from 'spool'
import { ClientSession, ConnectError, type EventsOptions, type ServerSentEvent } from 'spool/client'
import { MockClock, MockTransport, settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { MemoryFixture, response } from '../support/memory-server.ts'

let clock: MockClock

beforeEach(() => {
  clock = MockClock.install({ autoJump: true })
})

afterEach(() => {
  clock[Symbol.dispose]()
})

const headers = { 'Content-Type': 'text/event-stream; charset=utf-8' }
const end = { status: 204 }

async function all(
  session: ClientSession,
  options: EventsOptions = {},
): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = []
  const url = 'http://api.test/events'
  for await (const event of session.events(url, { random: () => 0, ...options })) events.push(event)
  return events
}

describe('ClientSession.events()', () => {
  it('asks again after the last event until there are no more', async () => {
    await using mock = new MockTransport()
      .reply({ headers, body: 'data: a\nid: 1\n\ndata: b\nid: ü\n\ndata: incomplete\nid: 9' })
      .reply({ headers, body: 'data: c\n\n' })
      .reply(end)
    await using session = new ClientSession({ transport: mock })
    const begun = clock.now()
    expect(await all(session)).toEqual([
      { type: 'message', data: 'a', id: '1' },
      { type: 'message', data: 'b', id: 'ü' },
      { type: 'message', data: 'c', id: 'ü' },
    ])
    expect(clock.now() - begun).toBe(6000)
    const sent = mock.requests.map(({ headers }) => headers)
    expect(sent.map((one) => [one.get('accept'), one.get('cache-control')])).toEqual(
      sent.map(() => ['text/event-stream', 'no-store']),
    )
    expect(sent.map((one) => one.get('last-event-id'))).toEqual([
      null,
      Buffer.from('ü').toString('latin1'),
      Buffer.from('ü').toString('latin1'),
    ])
    mock.assertAllUsed()
  })

  it('waits as long as retry says, and longer after each failure', async () => {
    await using mock = new MockTransport()
      .reply({ headers, body: 'retry: 100\ndata: a\n\n' })
      .reply({ status: 503 })
      .reply({ status: 429 })
      .refuse(new ConnectError('tcp', 'no'))
      .reply(end)
    await using session = new ClientSession({ transport: mock })
    const begun = clock.now()
    expect(await rejectionOf(all(session, { maxAttempts: 1 }))).toMatchObject({ phase: 'tcp' })
    expect(await all(session)).toHaveLength(1)
    expect(clock.now() - begun).toBe(100 + 100 + 200)
  })

  it('gives up after so many failures in a row', async () => {
    await using mock = new MockTransport().on('GET', '/events', { status: 500, body: 'oh' })
    await using session = new ClientSession({ transport: mock })
    expect(await rejectionOf(all(session, { maxAttempts: 3 }))).toMatchObject({
      code: 'SPOOL_RESPONSE',
      status: 500,
      body: 'oh',
    })
    expect(mock.requests).toHaveLength(3)
  })

  it.each([
    ['another status', { status: 404, headers, body: 'data: x\n\n' }, 'SPOOL_RESPONSE'],
    ['another content type', { body: 'data: x\n\n' }, 'SPOOL_REMOTE_PROTOCOL'],
    ['no content type', { body: Buffer.from('data: x\n\n') }, 'SPOOL_REMOTE_PROTOCOL'],
    ['an event that is too large', { headers, body: 'x'.repeat(101) }, 'SPOOL_BODY_TOO_LARGE'],
  ])('ends with an error for %s', async (_, reply, code) => {
    await using mock = new MockTransport().reply(reply)
    await using session = new ClientSession({ transport: mock })
    expect(await rejectionOf(all(session, { maxEventSize: 100 }))).toMatchObject({ code })
    expect(mock.requests).toHaveLength(1)
  })

  it('asks once by another method', async () => {
    await using mock = new MockTransport().reply({ headers, body: 'data: a\n\n' })
    await using session = new ClientSession({ transport: mock })
    const options = { method: 'POST', json: { q: 1 }, lastEventId: '7' }
    expect(await all(session, options)).toEqual([{ type: 'message', data: 'a', id: '7' }])
    expect(
      mock.requests.map(({ method, headers }) => [method, headers.get('last-event-id')]),
    ).toEqual([['POST', '7']])
  })

  it('has no total time, but that between bytes', async () => {
    const stream = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n'
    await using fixture = new MemoryFixture(
      async (peer, index) => {
        await peer.request()
        peer.send(index === 0 ? stream : response('', { status: '204 No' }))
      },
      { timeout: { idle: 400_000 } },
    )
    expect(await all(fixture.session)).toHaveLength(1)
    expect(fixture.server.peers).toHaveLength(2)
    expect(clock.now()).toBeGreaterThanOrEqual(400_000)
  })

  it('closes the connection where the loop is left, and where it is cancelled', async () => {
    const stream = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n'
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(stream)
    })
    for await (const { data } of fixture.session.events('/')) {
      expect(data).toBe('a')
      break
    }
    await fixture.server.peers[0]?.untilClosed()
    const seen: string[] = []
    await taskGroup(async (group) => {
      group.spawn(async () => {
        for await (const { data } of fixture.session.events('/')) seen.push(data)
      })
      while (seen.length === 0) await settle()
      group.cancel()
    })
    await fixture.server.peers[1]?.untilClosed()
    expect(seen).toEqual(['a'])
  })

  it('ends its wait when its signal is aborted, and leaves no listener on it', async () => {
    await using mock = new MockTransport().reply({ headers, body: 'data: a\n\n' })
    await using session = new ClientSession({ transport: mock })
    const controller = new AbortController()
    const { signal } = controller
    const seen: string[] = []
    async function read(): Promise<void> {
      const options = { retryDelay: 1e9, maxRetryDelay: 1e9, signal }
      for await (const { data } of session.events('http://x/', options)) seen.push(data)
    }
    const reading = rejectionOf(read())
    while (seen.length === 0) await settle()
    await settle()
    controller.abort(new Error('enough'))
    expect(await reading).toMatchObject({ code: 'SPOOL_CANCELLED', cause: { message: 'enough' } })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(mock.requests).toHaveLength(1)
  })

  it('ends its wait where it is cancelled', async () => {
    await using mock = new MockTransport().reply({ headers, body: 'data: a\n\n' })
    await using session = new ClientSession({ transport: mock })
    let seen = 0
    const controller = new AbortController()
    const { signal } = controller
    const error = await rejectionOf(
      taskGroup(async (group) => {
        group.spawn(async () => {
          for await (const event of session.events('http://x/', {
            retryDelay: 1e9,
            maxRetryDelay: 1e9,
            signal,
          })) {
            seen += event.data.length
            group.cancel()
          }
        })
      }),
    ).catch(() => undefined)
    expect(error === undefined || error instanceof Error).toBe(true)
    expect(seen).toBe(1)
  })
})

describe('ClientResponse.events()', () => {
  it('gives the events of one response', async () => {
    await using mock = new MockTransport().reply({
      status: 201,
      headers,
      body: 'event: e\ndata: 1\n\n',
    })
    await using session = new ClientSession({ transport: mock })
    const response = await session.post('http://api.test/chat', { json: {} })
    const events: ServerSentEvent[] = []
    for await (const event of response.events()) events.push(event)
    expect(events).toEqual([{ type: 'e', data: '1', id: '' }])
    expect(mock.requests).toHaveLength(1)
  })
})
