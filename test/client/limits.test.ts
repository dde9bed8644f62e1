import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClientSession } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { answer, answerRaw, MemoryFixture, response } from './support/memory-server.ts'

let clock: MockClock
beforeEach(() => {
  clock = MockClock.install()
})
afterEach(() => clock[Symbol.dispose]())

describe('ClientSession.setLimits()', () => {
  test('lets those through who wait, and holds back later ones', async () => {
    await using fixture = new MemoryFixture(() => undefined, { limit: 1 })
    const { session, server } = fixture
    const texts = [1, 2, 3].map(() => session.get('/').text())
    await settle()
    expect(session.statistics()).toMatchObject({ limit: 1, open: 1, waiting: 2 })
    session.setLimits({ limit: 0 })
    await settle()
    expect(session.statistics()).toMatchObject({ limit: Infinity, open: 3, waiting: 0 })
    session.setLimits({ limit: 1 })
    for (const peer of server.peers) peer.respond('hello')
    await Promise.all(texts)
    expect(session.statistics()).toMatchObject({ limit: 1, open: 1, idle: 1 })
    expect(() => session.setLimits({ limit: -1 })).toThrow('Cannot use -1 as "limit"')
  })
})

describe('ClientSession option', () => {
  test.each([
    ['maxHeadSize', { maxHeadSize: 100 }, { maxHeadSize: 40_000 }, `X: ${'x'.repeat(20_000)}\r\n`],
    ['maxHeaderFields', { maxHeaderFields: 3 }, { maxHeaderFields: 300 }, 'X: x\r\n'.repeat(150)],
  ])('"%s" is how much of a head is read', async (_, few, many, fields) => {
    for (const [options, fits] of [
      [few, false],
      [{}, false],
      [many, true],
    ] as const) {
      await using fixture = new MemoryFixture(answer('hello', { fields }), options)
      const said = await fixture.session
        .get('/')
        .text()
        .catch((error: Error) => error.name)
      expect(said).toBe(fits ? 'hello' : 'ProtocolError')
    }
  })

  test('"maxConnectionRequests" closes a connection after so many', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { maxConnectionRequests: 2 })
    for (let count = 0; count < 5; count++) await fixture.session.get('/').text()
    expect(fixture.session.statistics()).toMatchObject({ opened: 3, open: 1 })
  })

  test('"maxConnectionAge" closes a connection that is too old, in use or idle', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { maxConnectionAge: 10_000 })
    const { session } = fixture
    await session.get('/').text()
    await clock.advance(9_000)
    await session.get('/').text()
    expect(session.statistics()).toMatchObject({ opened: 1, idle: 1 })
    await clock.advance(1_000)
    await session.get('/').text()
    expect(session.statistics()).toMatchObject({ opened: 2, idle: 1 })
    await clock.advance(10_100)
    expect(session.statistics()).toMatchObject({ open: 0 })
  })

  test('"keepAlive" is no longer than what the server announces, less a second', async () => {
    const hinted = answerRaw(response('hello', { fields: 'Keep-Alive: timeout=5\r\n' }))
    await using fixture = new MemoryFixture(hinted)
    const { session } = fixture
    await session.get('/').text()
    await clock.advance(3_999)
    expect(session.statistics().idle).toBe(1)
    await clock.advance(110)
    expect(session.statistics().idle).toBe(0)
  })

  test.each(['maxConnectionAge', 'maxConnectionRequests'])('"%s" is above 0', (name) => {
    expect(() => new ClientSession({ [name]: 0 })).toThrow(
      `Cannot use 0 as "${name}": expected 1 or more`,
    )
  })
})
