import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { CancelledError } from 'spool'
import { ClientSession, type ClientMiddleware, type ClientSessionOptions } from 'spool/client'
import { Application, serve } from 'spool/server'
import { settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { countAlive } from '../../support/garbage.ts'
import { record } from '../../support/recording-sink.ts'
import { checkNothingLeft, MemoryFixture, type MemoryScript } from '../support/memory-server.ts'

const upgrade = { headers: { Connection: 'Upgrade', Upgrade: 'echo' }, upgrade: true } as const

const switching: MemoryScript = async (peer) => {
  await peer.request()
  peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
}

const passing: ClientMiddleware = (request, next) => next(request)

describe('A connection that was taken over', () => {
  test.each([
    ['', {}],
    [' through a middleware', { middleware: [passing] }],
  ] satisfies [string, ClientSessionOptions][])(
    'is closed when the signal of its request is aborted%s',
    async (_, options) => {
      await using fixture = new MemoryFixture(switching, options)
      const { session } = fixture
      const controller = new AbortController()
      const { exchange } = await session.get('/', { ...upgrade, signal: controller.signal })
      const upgraded = exchange.takeOver()
      const sink = record(upgraded.transport)
      await settle()
      expect(session.statistics()).toMatchObject({ open: 1, active: 1, requests: 1 })
      controller.abort(new Error('enough'))
      await sink.until(({ isClosed }) => isClosed)
      expect(sink.error).toBeInstanceOf(CancelledError)
      expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
      await checkNothingLeft(fixture)
    },
  )

  test('is all that is left of its request', async () => {
    await using fixture = new MemoryFixture(switching)
    const { session } = fixture
    const refs: WeakRef<object>[] = []
    const kept: object[] = []
    for (let at = 0; at < 10; at++) {
      const promise = session.get('/', upgrade)
      const response = await promise
      const { exchange, body, headers } = response
      const { connection } = exchange as unknown as { connection: object }
      const upgraded = exchange.takeOver()
      kept.push(upgraded, record(upgraded.transport))
      for (const part of [promise, response, exchange, body, headers, connection]) {
        refs.push(new WeakRef(part))
      }
    }
    // Those of the last one may still be in registers.
    expect(await countAlive(refs)).toBeLessThan(12)
    expect(kept).toHaveLength(20)
    expect(session.statistics()).toMatchObject({ open: 10, active: 10, requests: 10 })
  })

  test('is closed at once if the signal of its request was aborted before', async () => {
    await using fixture = new MemoryFixture(switching)
    const controller = new AbortController()
    const { session } = fixture
    const { exchange } = await session.get('/', upgrade)
    const upgraded = exchange.takeOver()
    const sink = record(upgraded.transport)
    controller.abort(new Error('enough'))
    upgraded.follow(controller.signal)
    await sink.until(({ isClosed }) => isClosed)
    expect(sink.error).toBeInstanceOf(CancelledError)
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('ends its request for who traces when it is released, once', async () => {
    const told: string[] = []
    const listen = (_: unknown, name: string | symbol): void => void told.push(String(name))
    const channels = ['response', 'end', 'error'].map((name) => `spool:client:request:${name}`)
    for (const name of channels) subscribe(name, listen)
    try {
      await using fixture = new MemoryFixture(switching)
      const upgraded = (await fixture.session.get('/', upgrade)).exchange.takeOver()
      await settle()
      expect(told).toEqual(['spool:client:request:response'])
      upgraded.release()
      upgraded.release()
      expect(told).toEqual(['spool:client:request:response', 'spool:client:request:end'])
    } finally {
      for (const name of channels) unsubscribe(name, listen)
    }
  })
})

describe('ClientSession.websocket()', () => {
  test('leaves nothing of its request behind, but a place in the pool', async () => {
    const count = 10
    const refs = new Map<string, WeakRef<object>[]>()
    const keep = (name: string, value: object): void => {
      refs.set(name, [...(refs.get(name) ?? []), new WeakRef(value)])
    }
    const watching: ClientMiddleware = async (request, next) => {
      const response = await next(request)
      keep('request', request)
      keep('response', response)
      keep('headers', response.headers)
      keep('body', response.body)
      keep('exchange', response.exchange)
      keep('connection', (response.exchange as unknown as { connection: object }).connection)
      return response
    }
    const app = new Application().websocket('/', async (ws) => {
      for await (const message of ws) await ws.send(message)
    })
    await using server = await serve(app, { port: 0 })
    for (const middleware of [[watching], []]) {
      refs.clear()
      await using session = new ClientSession({ baseUrl: server.url, middleware, limit: count })
      const open = []
      for (let at = 0; at < count; at++) open.push(await session.websocket('/'))
      await open[0]!.send('Hello')
      expect(await open[0]!.receive()).toBe('Hello')
      for (const [name, of] of refs) {
        expect(of).toHaveLength(count)
        // The last one may still be in a register.
        expect(await countAlive(of), name).toBeLessThan(2)
      }
      expect(session.statistics()).toMatchObject({ open: count, active: count, requests: count })
      const waiting = session.websocket('/')
      await settle()
      expect(session.statistics()).toMatchObject({ open: count, waiting: 1 })
      await open[0]!.close()
      open[0] = await waiting
      expect(session.statistics()).toMatchObject({ open: count, waiting: 0, requests: count })
      const closed = Promise.all(open.map((ws) => ws.closed()))
      await session.close()
      for (const { closeCode } of await closed) expect(closeCode).toBe(1001)
      expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
    }
  })
})
