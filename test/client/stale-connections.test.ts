/** Connections that their server closed while nobody looked. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClientSession } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'
import { answering, rawResponse, rawServer } from '../support/raw-server.ts'
import { rejectionOf } from '../support/rejection.ts'
import { answer, checkNothingLeft, MemoryFixture } from './support/memory-server.ts'
import { OwnScope } from './support/own-scope.ts'

let clock: MockClock
let before: string[]
beforeEach(() => {
  before = openResources()
  clock = MockClock.install()
})
afterEach(async () => {
  clock[Symbol.dispose]()
  await expectNothingLeft(before)
})

describe('a request that can not be repeated', () => {
  test('is sent on another connection, if the server has closed the one that rested', async () => {
    await using server = await rawServer(answering(rawResponse('hello')))
    await using session = new ClientSession()
    await session.get(server.origin).text()
    await clock.advance(2000)
    // The event loop has not turned since: the session knows nothing of it.
    const [connection] = server.connections
    connection?.destroy()
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1 })
    expect(await session.post(server.origin, { body: 'once' }).text()).toBe('hello')
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1, opened: 2 })
    expect(server.connections).toHaveLength(2)
  })

  test('is sent on the one that rested, if that is sound', async () => {
    await using fixture = new MemoryFixture(answer('hello'))
    const { session } = fixture
    for (let count = 0; count < 3; count++) {
      expect(await session.post('/', { body: 'once' }).text()).toBe('hello')
      await clock.advance(2000)
    }
    expect(session.statistics()).toMatchObject({ opened: 1, idle: 1 })
  })

  test('gives the connection back, if it is given up while that is looked at', async () => {
    await using fixture = new MemoryFixture(answer('hello'))
    const { session } = fixture
    await session.get('/').text()
    await clock.advance(2000)
    using scope = new OwnScope()
    const failure = runInScope(scope, () => rejectionOf(session.post('/', { body: 'once' })))
    expect(session.statistics()).toMatchObject({ active: 1, idle: 0 })
    scope.cancel()
    expect(await failure).toMatchObject({ code: 'SPOOL_CANCELLED' })
    await settle()
    expect(session.statistics()).toMatchObject({ open: 1, active: 0, idle: 1, requests: 0 })
    expect(await session.get('/').text()).toBe('hello')
    expect(session.statistics().opened).toBe(1)
  })

  test('leaves nothing, if both the request and the connection are gone', async () => {
    const fixture = new MemoryFixture(answer('hello'))
    const { session, server } = fixture
    await session.get('/').text()
    await clock.advance(2000)
    using scope = new OwnScope()
    const failure = runInScope(scope, () => rejectionOf(session.post('/', { body: 'once' })))
    server.peers[0]?.end()
    scope.cancel()
    await failure
    await checkNothingLeft(fixture)
    await session.close()
  })

  test('leaves nothing, if the session is closed while that is looked at', async () => {
    const fixture = new MemoryFixture(answer('hello'))
    const { session } = fixture
    await session.get('/').text()
    await clock.advance(2000)
    using scope = new OwnScope()
    const failure = runInScope(scope, () => rejectionOf(session.post('/', { body: 'once' })))
    scope.cancel()
    const closing = session.close()
    await failure
    await closing
    expect(session.statistics()).toMatchObject({ open: 0, active: 0, idle: 0, requests: 0 })
    await checkNothingLeft(fixture)
    expect(clock.pending).toBe(0)
  })

  test('waits in the queue for another connection, if there is no place', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { limit: 1 })
    const { session, server } = fixture
    await session.get('/').text()
    await clock.advance(2000)
    const texts = [session.post('/', { body: 'one' }).text(), session.get('/').text()]
    server.peers[0]?.end()
    expect(await Promise.all(texts)).toEqual(['hello', 'hello'])
    expect(session.statistics()).toMatchObject({ opened: 2, idle: 1, waiting: 0 })
  })
})
