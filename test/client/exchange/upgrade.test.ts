import { CancelledError, ClosedResourceError, shield, taskGroup, TimeoutError } from 'spool'
import type { ClientMiddleware } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { ProtocolError } from 'spool/wire'
import { describe, expect, it } from 'vitest'
import { record } from '../../support/recording-sink.ts'
import { rejectionOf } from '../../support/rejection.ts'
import { checkNothingLeft, MemoryFixture, type MemoryScript } from '../support/memory-server.ts'

const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n'
const headers = { Connection: 'Upgrade', Upgrade: 'echo' }
const upgrade = { headers, upgrade: true } as const

/** Answers 101 at once, with `tail` behind it. */
function switchingTo(tail = ''): MemoryScript {
  return async (peer) => {
    await peer.request()
    peer.send(switching + tail)
  }
}

const marking: ClientMiddleware = (request, next) => {
  request.headers.set('X-Seen', '1')
  return next(request)
}

const sizes = [1, 2, 7, 64, Infinity]

describe('exchange.takeOver()', () => {
  it.each(sizes)(
    'gives the connection with all that follows the head, in chunks of %s',
    async (chunkSize) => {
      for (const shared of [false, true]) {
        await using fixture = new MemoryFixture(
          switchingTo('hello\r\n\r\n'),
          {},
          { chunkSize, shared },
        )
        const { session, server } = fixture
        const response = await session.get('/', upgrade)
        expect(response.status).toBe(101)
        expect(response.headers.get('upgrade')).toBe('echo')
        await settle()
        const upgraded = response.exchange.takeOver()
        const sink = record(upgraded.transport)
        await sink.until(({ byteCount }) => byteCount === 9)
        expect(Buffer.concat(sink.chunks).toString()).toBe('hello\r\n\r\n')
        upgraded.transport.write('ping')
        await server.peers[0]?.untilPending('ping')
        expect(session.statistics()).toMatchObject({ open: 1, active: 1, idle: 0, requests: 1 })
        upgraded.release()
        upgraded.release()
        await checkNothingLeft(fixture)
        expect(session.statistics()).toMatchObject({ requests: 0 })
      }
    },
  )

  it('keeps its place in the pool until it is released', async () => {
    await using fixture = new MemoryFixture(
      async (peer, index) => {
        await peer.request()
        if (index === 0) peer.send(switching)
        else peer.respond('second')
      },
      { limit: 1 },
    )
    const { session } = fixture
    const upgraded = (await session.get('/', upgrade)).exchange.takeOver()
    record(upgraded.transport)
    const second = session.get('/').text()
    await settle()
    expect(session.statistics()).toMatchObject({ open: 1, waiting: 1 })
    upgraded.release()
    expect(await second).toBe('second')
  })

  it('leaves the timeouts of the request behind', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(switchingTo())
    const { session } = fixture
    const { exchange } = await session.get('/', { ...upgrade, timeout: { total: 500, idle: 100 } })
    const upgraded = exchange.takeOver()
    const sink = record(upgraded.transport)
    await clock.advance(600_000)
    expect(sink.isClosed).toBe(false)
    upgraded.release()
  })

  it('is needed within the timeout between bytes', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(switchingTo())
    const { exchange, body } = await fixture.session.get('/', upgrade)
    const read = rejectionOf(body.bytes())
    await clock.advance(61_000)
    expect(await read).toBeInstanceOf(TimeoutError)
    expect(() => exchange.takeOver()).toThrow(ClosedResourceError)
  })

  it('fails after the connection was lost, the response was closed, or another has it', async () => {
    await using fixture = new MemoryFixture(switchingTo())
    const { session, server } = fixture
    const lost = await session.get('/', upgrade)
    server.peers[0]?.reset()
    await settle()
    expect(() => lost.exchange.takeOver()).toThrow(ClosedResourceError)
    const closed = await session.get('/', upgrade)
    await closed.close()
    expect(() => closed.exchange.takeOver()).toThrow(ClosedResourceError)
    const taken = await session.get('/', upgrade)
    const upgraded = taken.exchange.takeOver()
    expect(() => taken.exchange.takeOver()).toThrow(ClosedResourceError)
    expect(await taken.bytes()).toHaveLength(0)
    await taken.close()
    expect(session.statistics()).toMatchObject({ open: 1 })
    upgraded.release()
  })

  it('hears of the end of the server, before it and after', async () => {
    for (const early of [true, false]) {
      await using fixture = new MemoryFixture(switchingTo('last'))
      const { session, server } = fixture
      const { exchange } = await session.get('/', upgrade)
      if (early) server.peers[0]?.end()
      await settle()
      const upgraded = exchange.takeOver()
      const sink = record(upgraded.transport)
      if (!early) server.peers[0]?.end()
      await sink.until(({ ended }) => ended)
      expect(Buffer.concat(sink.chunks).toString()).toBe('last')
      upgraded.release()
    }
  })

  it('belongs to the scope of the request', async () => {
    await using fixture = new MemoryFixture(switchingTo())
    const { session } = fixture
    let seen: unknown
    await taskGroup(async (group) => {
      const upgraded = (await session.get('/', upgrade)).exchange.takeOver()
      const sink = record(upgraded.transport)
      group.cancel('enough')
      expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
      await shield(() => sink.until(({ isClosed }) => isClosed))
      seen = sink.error
    })
    expect(seen).toBeInstanceOf(CancelledError)
  })

  it('goes through middlewares', async () => {
    const seen: (string | undefined)[] = []
    await using fixture = new MemoryFixture(
      async (peer) => {
        seen.push((await peer.request()).headers['x-seen'])
        peer.send(switching)
      },
      { middleware: [marking] },
    )
    const { session } = fixture
    const upgraded = (await session.get('/', upgrade)).exchange.takeOver()
    record(upgraded.transport)
    expect(seen).toEqual(['1'])
    expect(session.statistics()).toMatchObject({ open: 1, requests: 1 })
    upgraded.release()
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  it('is refused by what did not ask for it', async () => {
    await using fixture = new MemoryFixture(switchingTo())
    expect(await rejectionOf(fixture.session.get('/', { headers }))).toBeInstanceOf(ProtocolError)
  })

  it('is refused before the request is sent completely', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.untilPending('\r\n\r\n')
      peer.send(switching)
    })
    const source = new ReadableStream({ pull: () => new Promise(() => undefined) })
    const sent = fixture.session.post('/', { ...upgrade, body: source })
    expect(await rejectionOf(sent)).toBeInstanceOf(ProtocolError)
  })
})

describe('session.close()', () => {
  it('waits for a connection that was taken over, which is told of it', async () => {
    const fixture = new MemoryFixture(switchingTo())
    const { session, server } = fixture
    const upgraded = (await session.get('/', upgrade)).exchange.takeOver()
    record(upgraded.transport)
    let heard = 0
    upgraded.onClosing(upgraded.transport, (transport) => {
      heard++
      transport.write('bye')
    })
    let closed = false
    const closing = session.close().then(() => (closed = true))
    await server.peers[0]?.untilPending('bye')
    await settle()
    expect(closed).toBe(false)
    upgraded.release()
    await closing
    expect(heard).toBe(1)
    await checkNothingLeft(fixture)
  })

  it('closes a connection whose taker does not listen, and one that was not taken', async () => {
    for (const take of [true, false]) {
      const fixture = new MemoryFixture(switchingTo())
      const { session } = fixture
      const { exchange } = await session.get('/', upgrade)
      if (take) record(exchange.takeOver().transport)
      await session.close()
      await checkNothingLeft(fixture)
    }
  })

  it('in a cancelled scope closes a connection that was taken over', async () => {
    const fixture = new MemoryFixture(switchingTo())
    const { session } = fixture
    const upgraded = (await session.get('/', upgrade)).exchange.takeOver()
    record(upgraded.transport)
    upgraded.onClosing(undefined, () => undefined)
    await taskGroup(async (group) => {
      group.cancel()
      await session.close()
    })
    await checkNothingLeft(fixture)
  })
})
