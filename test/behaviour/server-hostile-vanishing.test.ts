/**
 * The server against clients who leave, over sockets, at every byte and in every way: what was begun for
 * them ends, nothing is kept, nothing is answered that was not asked, and the others are served.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { serve, text } from 'spool/server'
import { certificates } from '../support/certificates.ts'
import { GoodClient, hostileServer } from '../support/hostile-server.ts'
import { expectNothingLeft, openResources, turnUntil } from '../support/open-resources.ts'
import { rawClient } from '../support/raw-client.ts'
import { get, post } from '../support/requests.ts'

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

const chunkedRequest =
  'POST /count HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n'

describe.each([
  ['with its length', post('/read', 'abc')],
  ['in chunks', chunkedRequest],
])('a client who leaves while it sends a request %s', (_how, request) => {
  test.each(['reset', 'destroy'] as const)(
    'by %s, wherever that is, leaves nothing',
    async (how) => {
      await using hostile = await hostileServer()
      const good = await GoodClient.connect(hostile)
      for (let at = 0; at <= request.length; at++) {
        const client = await hostile.connect()
        await client.send(request.slice(0, at))
        client[how]()
        if (at % 16 === 0) await good.ask()
      }
      await turnUntil(() => hostile.server.statistics().connections === 1)
      expect(hostile.server.statistics()).toMatchObject({ active: 0, malformed: 0, timedOut: 0 })
      await good.ask()
    },
  )

  test('by ending its side before the end gets no answer, wherever that is', async () => {
    await using hostile = await hostileServer()
    const good = await GoodClient.connect(hostile)
    for (let at = 0; at < request.length; at++) {
      const client = await hostile.connect()
      await client.send(request.slice(0, at))
      client.end()
      expect(await client.readAll(), `cut at ${at}`).toBe('')
    }
    await turnUntil(() => hostile.server.statistics().connections === 1)
    expect(hostile.server.statistics()).toMatchObject({ active: 0, malformed: 0, timedOut: 0 })
    await good.ask()
  })
})

describe('a client who leaves', () => {
  test.each(['end', 'reset', 'destroy'] as const)(
    'by %s while a handler works for it stops the handler, and no other',
    async (how) => {
      await using hostile = await hostileServer()
      const patient = await hostile.connect()
      await patient.send(get('/wait'))
      const leaving = await hostile.connectAll(20)
      for (const client of leaving) await client.send(get('/wait'))
      await turnUntil(() => hostile.server.statistics().active === 21)
      for (const client of leaving) client[how]()
      await turnUntil(() => hostile.server.statistics().active === 1)
      expect(hostile.server.statistics().disconnected).toBe(20)
      hostile.go.set()
      expect((await patient.message()).body.toString()).toBe('waited')
    },
  )

  test.each(['end', 'reset', 'destroy'] as const)(
    'by %s while a response streams ends its source',
    async (how) => {
      await using hostile = await hostileServer()
      const good = await GoodClient.connect(hostile)
      const leaving = await hostile.connectAll(10)
      for (const client of leaving) {
        await client.send(get('/endless'))
        await client.readUntil('\r\n\r\n')
        client.pause()
      }
      expect(hostile.streams).toBe(10)
      for (const client of leaving) client[how]()
      await turnUntil(() => hostile.streams === 0)
      await turnUntil(() => hostile.server.statistics().connections === 1)
      expect(hostile.server.statistics()).toMatchObject({ active: 0, timedOut: 0 })
      await good.ask()
    },
  )

  test('with many requests under way stops the one that is handled, and begins no other', async () => {
    await using hostile = await hostileServer()
    const client = await hostile.connect()
    await client.send(get('/wait') + get('/').repeat(100))
    await turnUntil(() => hostile.server.statistics().active === 1)
    client.reset()
    await hostile.empty()
    expect(hostile.handled).toEqual(['/wait'])
  })

  test('by ending its side behind requests that are answered at once gets every answer', async () => {
    await using hostile = await hostileServer()
    const client = await hostile.connect()
    await client.send(get('/').repeat(100))
    client.end()
    expect((await client.readAll()).split('root')).toHaveLength(101)
    await client.untilClosed()
  })

  test('from the middle of a large response is no error of the program', async () => {
    await using hostile = await hostileServer()
    for (const how of ['end', 'reset', 'destroy'] as const) {
      const client = await hostile.connect()
      await client.send(get('/large'))
      await client.read(1_000_000)
      client[how]()
    }
    await hostile.empty()
    expect(hostile.errors).toEqual([])
  })
})

test('clients who leave in the middle of a TLS handshake leave nothing', async () => {
  const { ca, localhost } = certificates
  const server = await serve(() => text('root'), { host: '127.0.0.1', tls: localhost })
  const hello = Buffer.from('160301020001', 'hex')
  for (const how of ['end', 'reset', 'destroy'] as const) {
    for (const bytes of [Buffer.alloc(0), hello, Buffer.from(get('/'))]) {
      const client = await rawClient({ port: server.port })
      await client.send(bytes)
      client[how]()
      await client.untilClosed()
    }
  }
  const good = await rawClient({ port: server.port, tls: { ca } })
  await good.send(get('/'))
  expect((await good.message()).body.toString()).toBe('root')
  await good[Symbol.asyncDispose]()
  await turnUntil(() => server.statistics().connections === 0)
  await server.close()
})
