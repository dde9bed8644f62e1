import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { CancelledError, moveOnAfter, sleep, taskGroup, timeout } from 'spool'
import { ClientSession, ConnectError } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { OwnScope } from './support/own-scope.ts'
import { Waiter } from '../../src/concurrency/scope/waiter.ts'
import type { Transport } from '../../src/io/transport.ts'
import { rejectionOf } from '../support/rejection.ts'
import { RecordingGroup } from '../support/recording-group.ts'
import { Uncaught } from '../support/uncaught.ts'
import {
  answer,
  answerRaw,
  checkNothingLeft,
  MemoryFixture,
  redirect,
} from './support/memory-server.ts'

/** Makes the request in a scope of its own, lets it come as far as it can, and cancels it. */
async function checkCancelled(request: () => PromiseLike<unknown>): Promise<void> {
  using scope = new OwnScope()
  const failure = runInScope(scope, () => rejectionOf(request()))
  await settle()
  scope.cancel('enough')
  const error = await failure
  expect(error).toBeInstanceOf(CancelledError)
  expect(error).toMatchObject({ source: 'explicit', reason: 'enough' })
  // A body that was being sent ends its source first.
  await settle()
  expect(scope.empty, 'The scope still holds something').toBe(true)
}

describe('a cancelled request', () => {
  it('leaves the queue of the pool', async () => {
    await using fixture = new MemoryFixture(() => undefined, { limit: 1 })
    const { session, server } = fixture
    const first = session.get('/').text()
    await checkCancelled(() => session.get('/').text())
    expect(session.statistics()).toMatchObject({ open: 1, waiting: 0 })
    server.peers[0]?.respond('hello')
    expect(await first).toBe('hello')
    expect(server.peers).toHaveLength(1)
  })

  it('stops connecting, and lets the next one have the place', async () => {
    let cancellations = 0
    let opened = 0
    const fixture = new MemoryFixture()
    const session = new ClientSession({ limit: 1 }, () => {
      if (opened++ > 0) return Promise.resolve(fixture.server.connect())
      return new Waiter<Transport>(() => void cancellations++).promise
    })
    using scope = new OwnScope()
    const failure = runInScope(scope, () => rejectionOf(session.get('http://test/')))
    const second = session.get('http://test/').text()
    await settle()
    expect(session.statistics()).toMatchObject({ connecting: 1, waiting: 1 })
    scope.cancel()
    expect(await failure).toBeInstanceOf(CancelledError)
    expect(cancellations).toBe(1)
    expect(await second).toBe('hello')
    await session.close()
    expect(session.statistics()).toMatchObject({ open: 0 })
  })

  it('closes a connection that comes all the same', async () => {
    const fixture = new MemoryFixture()
    const late = Promise.withResolvers<void>()
    const session = new ClientSession({}, async () => {
      await late.promise
      return fixture.server.connect()
    })
    await checkCancelled(() => session.get('http://test/'))
    expect(session.statistics()).toMatchObject({ open: 0, connecting: 0 })
    late.resolve()
    await settle()
    expect(fixture.server.peers).toHaveLength(1)
    expect(fixture.server.open).toBe(0)
    await session.close()
  })

  it('closes the connection while it waits for the head', async () => {
    const fixture = new MemoryFixture(() => undefined)
    await checkCancelled(() => fixture.session.get('/'))
    await checkNothingLeft(fixture)
  })

  it.each(['text', 'json', 'bytes'] as const)(
    'closes the connection inside the body, read by %s()',
    async (form) => {
      const fixture = new MemoryFixture(
        answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'),
      )
      await checkCancelled(() => fixture.session.get('/')[form]())
      await checkNothingLeft(fixture)
    },
  )

  it('closes the connection inside the body, read by a loop', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'),
    )
    await checkCancelled(async () => {
      const response = await fixture.session.get('/')
      for await (const chunk of response.body) expect(chunk.byteLength).toBe(5)
    })
    await checkNothingLeft(fixture)
  })

  it('closes the connection inside a line', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na\nb'),
    )
    const seen: string[] = []
    await checkCancelled(async () => {
      for await (const line of fixture.session.get('/').lines()) seen.push(line)
    })
    expect(seen).toEqual(['a'])
    await checkNothingLeft(fixture)
  })

  it('closes the connection inside a large body that is sent', async () => {
    const fixture = new MemoryFixture((peer) => peer.pause())
    await checkCancelled(() => fixture.session.post('/', { body: 'a'.repeat(300_000) }))
    await checkNothingLeft(fixture)
  })

  it('ends the source of a body that is sent, which waits', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(() => undefined)
    const events: string[] = []
    async function* source(): AsyncGenerator<string> {
      try {
        yield 'a'
        await sleep(1_000_000)
      } catch (error) {
        events.push((error as Error).name)
        throw error
      } finally {
        events.push('ended')
      }
    }
    await checkCancelled(() => fixture.session.post('/', { body: source() }))
    await settle()
    expect(events).toEqual(['CancelledError', 'ended'])
    await checkNothingLeft(fixture)
    expect(clock.now()).toBe(0)
  })

  it('ends the source of a body whose writer waits for a slow peer', async () => {
    const fixture = new MemoryFixture((peer) => peer.pause())
    let ended = false
    function* source(): Generator<string> {
      try {
        for (;;) yield 'a'.repeat(10_000)
      } finally {
        ended = true
      }
    }
    await checkCancelled(() => fixture.session.post('/', { body: source() }))
    await settle()
    expect(ended).toBe(true)
    await checkNothingLeft(fixture)
  })

  it('cancels a ReadableStream that it sends', async () => {
    const fixture = new MemoryFixture(() => undefined)
    let reason: unknown
    const body = new ReadableStream<string>({
      start: (controller) => controller.enqueue('a'),
      cancel: (given) => {
        reason = given
      },
    })
    await checkCancelled(() => fixture.session.post('/', { body }))
    await settle()
    expect(reason).toBeInstanceOf(CancelledError)
    await checkNothingLeft(fixture)
  })

  it('is not even begun in a scope that is cancelled before', async () => {
    await using fixture = new MemoryFixture()
    using scope = new OwnScope()
    scope.cancel()
    const failures = runInScope(scope, () => [
      rejectionOf(fixture.session.get('/')),
      rejectionOf(fixture.session.get('/').text()),
    ])
    for (const failure of failures) expect(await failure).toBeInstanceOf(CancelledError)
    await settle()
    expect(fixture.server.peers).toHaveLength(0)
  })

  it('does not follow a redirect', async () => {
    await using fixture = new MemoryFixture(async (peer, index) => {
      await peer.request()
      if (index === 0) peer.send(redirect(302, 'http://other/'))
    })
    const { session, server } = fixture
    await checkCancelled(() => session.get('/').text())
    await settle()
    expect(session.statistics()).toMatchObject({ active: 0, idle: 1 })
    expect(server.peers.map(({ closed }) => closed)).toEqual([false, true])
  })

  it('is one whose deadline has passed', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(() => undefined)
    const failure = rejectionOf(timeout(500, () => fixture.session.get('/').text()))
    await clock.advance(500)
    expect(await failure).toMatchObject({ code: 'SPOOL_TIMEOUT', phase: 'scope' })
    await checkNothingLeft(fixture)
  })

  it('gives up the exchange when only its body was waited for in the cancelled scope', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(() => undefined)
    const request = fixture.session.get('/')
    const waited = moveOnAfter(500, () => request.text())
    await clock.advance(500)
    expect((await waited).timedOut).toBe(true)
    await checkNothingLeft(fixture)
  })

  it('goes on when only the response was waited for in the cancelled scope', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(() => undefined)
    const request = fixture.session.get('/')
    const waited = moveOnAfter(500, () => request)
    await clock.advance(500)
    expect((await waited).timedOut).toBe(true)
    fixture.server.peers[0]?.respond('late')
    expect(await (await request).text()).toBe('late')
  })
})

describe('a response', () => {
  it('that was not read is released when the task group that requested it ends', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'),
    )
    const response = await taskGroup(() => fixture.session.get('/').then((one) => one))
    expect(response.status).toBe(200)
    await checkNothingLeft(fixture)
    await expect(response.text()).rejects.toBeInstanceOf(CancelledError)
  })

  it('that was not read is released when the task that requested it ends', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'),
    )
    await taskGroup(async (group) => {
      const task = group.spawn(() => fixture.session.get('/').then(({ status }) => status))
      expect(await task).toBe(200)
      await checkNothingLeft(fixture)
    })
  })

  it('outlives a timeout() that it was requested in', async () => {
    await using fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'),
    )
    const response = await timeout(1000, () => fixture.session.get('/').then((one) => one))
    await settle()
    fixture.server.peers[0]?.send('world')
    expect(await response.text()).toBe('helloworld')
  })

  it('that was read does not hold the scope that requested it', async () => {
    await using fixture = new MemoryFixture()
    using scope = new OwnScope()
    const response = await runInScope(scope, () => fixture.session.get('/').then((one) => one))
    expect(await response.text()).toBe('hello')
    expect(scope.empty).toBe(true)
    await using compressed = new MemoryFixture(
      answer(gzipSync('hello'), { fields: 'Content-Encoding: gzip\r\n' }),
    )
    expect(await runInScope(scope, () => compressed.session.get('/').text())).toBe('hello')
    expect(scope.empty).toBe(true)
  })
})

const refused = (): Promise<Transport> =>
  Promise.reject(new ConnectError('tcp', 'Connecting to "test:80" failed: connection refused'))

describe('a request that nobody awaits', () => {
  it('and that fails, fails the group that it was made in', async () => {
    const session = new ClientSession({}, refused)
    const group = new RecordingGroup('requests')
    runInScope(group.scope, () => void session.get('http://test/'))
    await settle()
    await group.scope.close()
    expect(group.taken).toHaveLength(1)
    expect(group.taken[0]?.[0]).toBeInstanceOf(ConnectError)
    await session.close()
  })

  it('outside of every group, and that fails, is an uncaught exception', async () => {
    using uncaught = new Uncaught()
    const session = new ClientSession({}, refused)
    void session.get('http://test/')
    await settle()
    expect(uncaught.errors).toHaveLength(1)
    expect(uncaught.errors[0]).toBeInstanceOf(ConnectError)
    await session.close()
  })

  it('yet, and that fails, is not lost when it is awaited in time', async () => {
    using uncaught = new Uncaught()
    const session = new ClientSession({}, refused)
    const group = new RecordingGroup('requests')
    await runInScope(group.scope, async () => {
      const request = session.get('http://test/')
      await settle()
      expect(await rejectionOf(request)).toBeInstanceOf(ConnectError)
      expect(await rejectionOf(request.text())).toBeInstanceOf(ConnectError)
    })
    await group.scope.close()
    expect(group.taken).toEqual([])
    expect(uncaught.errors).toEqual([])
    await session.close()
  })

  it('and that is cancelled, is no error', async () => {
    using uncaught = new Uncaught()
    await using fixture = new MemoryFixture(() => undefined)
    const group = new RecordingGroup('requests')
    runInScope(group.scope, () => void fixture.session.get('/'))
    await settle()
    await group.scope.close()
    await settle()
    expect(group.taken).toEqual([])
    expect(uncaught.errors).toEqual([])
  })

  it('and that succeeds, is released at the end of its scope', async () => {
    const fixture = new MemoryFixture(answer('hello'))
    using scope = new OwnScope()
    runInScope(scope, () => void fixture.session.get('/'))
    await settle()
    await scope.close()
    expect(scope.empty).toBe(true)
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })
})
