import { describe, expect, it } from 'vitest'
import { CancelledError, sleep } from 'spool'
import type { ClientMiddleware } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { rejectionOf } from '../support/rejection.ts'
import { answer, answerRaw, checkNothingLeft, MemoryFixture } from './support/memory-server.ts'

/** A signal that knows how many listeners it has. */
class CountingController extends AbortController {
  readonly #listeners = new Set<unknown>()

  get listeners(): number {
    return this.#listeners.size
  }

  constructor() {
    super()
    const { signal } = this
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      this.#listeners.add(args[1])
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      this.#listeners.delete(args[1])
      remove(...args)
    }
  }
}

const through: ClientMiddleware = (request, next) => next(request)
const half = answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')

describe.each([
  ['without middleware', []],
  ['with middleware', [through]],
])('option "signal" %s', (_, middleware) => {
  it('cancels a request that waits for its head', async () => {
    const fixture = new MemoryFixture(() => undefined, { middleware })
    const controller = new AbortController()
    const failure = rejectionOf(fixture.session.get('/', { signal: controller.signal }))
    await settle()
    const reason = new Error('enough')
    controller.abort(reason)
    const error = await failure
    expect(error).toBeInstanceOf(CancelledError)
    expect(error).toMatchObject({ source: 'signal', reason, cause: reason })
    await checkNothingLeft(fixture)
  })

  it('cancels a request inside its body, read in any form', async () => {
    for (const form of ['text', 'json', 'bytes'] as const) {
      const fixture = new MemoryFixture(half, { middleware })
      const controller = new AbortController()
      const { signal } = controller
      const failure = rejectionOf(fixture.session.get('/', { signal })[form]())
      await settle()
      controller.abort()
      expect(await failure).toMatchObject({ code: 'SPOOL_CANCELLED', source: 'signal' })
      await checkNothingLeft(fixture)
    }
  })

  it('cancels a body that is read as a stream', async () => {
    const fixture = new MemoryFixture(half, { middleware })
    const controller = new AbortController()
    const response = await fixture.session.get('/', { signal: controller.signal })
    const failure = rejectionOf(
      (async () => {
        for await (const _ of response.body) controller.abort()
      })(),
    )
    expect(await failure).toMatchObject({ source: 'signal' })
    await checkNothingLeft(fixture)
  })

  it('cancels a request that waits in the queue', async () => {
    await using fixture = new MemoryFixture(() => undefined, { middleware, limit: 1 })
    const { session, server } = fixture
    const first = session.get('/').text()
    const controller = new AbortController()
    const failure = rejectionOf(session.get('/', { signal: controller.signal }))
    await settle()
    expect(session.statistics()).toMatchObject({ waiting: 1 })
    controller.abort()
    expect(await failure).toMatchObject({ source: 'signal' })
    expect(session.statistics()).toMatchObject({ waiting: 0 })
    server.peers[0]?.respond('hello')
    expect(await first).toBe('hello')
  })

  it('that is aborted already lets nothing be sent', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { middleware })
    const signal = AbortSignal.abort()
    expect(await rejectionOf(fixture.session.get('/', { signal }))).toMatchObject({
      source: 'signal',
    })
    expect(await rejectionOf(fixture.session.get('/', { signal }).text())).toMatchObject({
      source: 'signal',
    })
    expect(fixture.server.peers).toHaveLength(0)
  })

  it('has no listener left when the body was read', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { middleware })
    const controller = new CountingController()
    const { signal } = controller
    expect(await fixture.session.get('/', { signal }).text()).toBe('hello')
    expect(controller.listeners).toBe(0)
    const response = await fixture.session.get('/', { signal })
    expect(await response.text()).toBe('hello')
    expect(controller.listeners).toBe(0)
    controller.abort()
  })

  it('has a listener until the body was read, or released', async () => {
    const fixture = new MemoryFixture(half, { middleware })
    const controller = new CountingController()
    const response = await fixture.session.get('/', { signal: controller.signal })
    expect(controller.listeners).toBe(1)
    await response.close()
    expect(controller.listeners).toBe(0)
    await checkNothingLeft(fixture)
  })

  it('has no listener left when the request failed', async () => {
    await using fixture = new MemoryFixture((peer) => peer.end(), { middleware })
    const controller = new CountingController()
    const { signal } = controller
    await rejectionOf(fixture.session.get('/', { signal }))
    expect(controller.listeners).toBe(0)
    await rejectionOf(fixture.session.get('ftp://x', { signal }))
    await rejectionOf(fixture.session.get('/', { signal, timeout: -1 }))
    expect(controller.listeners).toBe(0)
  })

  it('cancels nothing else', async () => {
    await using fixture = new MemoryFixture(() => undefined, { middleware })
    const { session, server } = fixture
    const controller = new AbortController()
    const failure = rejectionOf(session.get('/', { signal: controller.signal }))
    const other = session.get('/').text()
    await settle()
    controller.abort()
    await failure
    server.peers[1]?.respond('hello')
    expect(await other).toBe('hello')
  })
})

describe('option "signal"', () => {
  it('cancels what a middleware waits for', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(answer('hello'), {
      middleware: [
        async (request, next) => {
          await sleep(1_000_000)
          return next(request)
        },
      ],
    })
    const controller = new AbortController()
    const failure = rejectionOf(fixture.session.get('/', { signal: controller.signal }))
    await settle()
    controller.abort()
    expect(await failure).toMatchObject({ source: 'signal' })
    await settle()
    expect(fixture.server.peers).toHaveLength(0)
    expect(clock.now()).toBe(0)
  })

  it('may be an AbortSignal.timeout()', async () => {
    const fixture = new MemoryFixture(() => undefined)
    const signal = AbortSignal.timeout(1)
    const error = await rejectionOf(fixture.session.get('/', { signal }))
    expect(error).toBeInstanceOf(CancelledError)
    expect((error as CancelledError).cause).toMatchObject({ name: 'TimeoutError' })
    await checkNothingLeft(fixture)
  })
})
