/** Every phase of a request, cancelled: nothing is left, and the next request succeeds. */
import { describe, expect, test } from 'vitest'
import type { ClientSession, RequestOptions, ResponsePromise } from '../../../src/client/index.ts'
import {
  CancelledError,
  ClosedResourceError,
  moveOnAfter,
  taskGroup,
  TimeoutError,
} from '../../../src/index.ts'
import { Exchange } from '../../../src/client/exchange/exchange.ts'
import { rootScope } from '../../../src/concurrency/scope/scope.ts'
import { MockClock } from '../../../src/testing/mock-clock.ts'
import { settle } from '../../../src/testing/settle.ts'
import { cancelledGroup } from '../cancelled-group.ts'
import { MemoryNetwork, response } from '../memory-network.ts'

const url = 'http://test/'
const head = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'

interface Phase {
  name: string
  /** Before the request is made. */
  prepare?: (network: MemoryNetwork, session: ClientSession) => Promise<void>
  /** Brings the request to the phase, once it is made. */
  reach?: (network: MemoryNetwork) => Promise<void>
  request?: (session: ClientSession, options: RequestOptions) => ResponsePromise
  /** What the phase holds before it is cancelled. */
  holds: object
  /** What is left afterwards that is not the request's. */
  leaves?: object
}

const phases: Phase[] = [
  {
    name: 'in the queue',
    prepare: async (network, session) => {
      session
        .get(url)
        .text()
        .catch(() => undefined)
      await (await network.peer()).request()
    },
    holds: { open: 1, waiting: 1, requests: 2 },
    leaves: { open: 1, waiting: 0, requests: 1 },
  },
  {
    name: 'connecting',
    prepare: async (network) => {
      network.failure = 'never'
    },
    holds: { open: 1, connecting: 1, requests: 1 },
  },
  {
    name: 'sending a body that the server does not take',
    reach: async (network) => {
      const peer = await network.peer()
      peer.pause()
    },
    request: (session, options) => session.post(url, { ...options, body: new Uint8Array(100_000) }),
    holds: { open: 1, active: 1, requests: 1 },
  },
  {
    name: 'sending a stream that has no end',
    reach: async (network) => {
      const peer = await network.peer()
      await peer.readUntil('more')
    },
    request: (session, options) => session.post(url, { ...options, body: endless() }),
    holds: { open: 1, active: 1, requests: 1 },
  },
  {
    name: 'waiting for the head',
    reach: async (network) => {
      await (await network.peer()).request()
    },
    holds: { open: 1, active: 1, requests: 1 },
  },
  {
    name: 'inside the head',
    reach: async (network) => {
      const peer = await network.peer()
      await peer.request()
      peer.send('HTTP/1.1 200 ')
      await settle()
    },
    holds: { open: 1, active: 1, requests: 1 },
  },
  {
    name: 'inside the body',
    reach: async (network) => {
      const peer = await network.peer()
      await peer.request()
      peer.send(`${head}ab`)
      await settle()
    },
    holds: { open: 1, active: 1, requests: 1 },
  },
  {
    name: 'inside the body of a redirect',
    reach: async (network) => {
      const peer = await network.peer()
      await peer.request()
      peer.send('HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 4\r\n\r\nab')
      await settle()
    },
    holds: { open: 1, active: 1, requests: 1 },
  },
  {
    name: 'waiting for the head after a redirect',
    reach: async (network) => {
      const peer = await network.peer()
      await peer.request()
      peer.send('HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n')
      await peer.request()
    },
    holds: { open: 1, active: 1, requests: 1 },
  },
  {
    name: 'inside the body of a failure',
    reach: async (network) => {
      const peer = await network.peer()
      await peer.request()
      peer.send('HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nab')
      await settle()
    },
    request: (session, options) => session.get(url, { ...options, raiseForStatus: true }),
    holds: { open: 1, active: 1, requests: 1 },
  },
]

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield 'more'
    await settle()
  }
}

const forms = ['text', 'await', 'stream'] as const

async function read(promise: ResponsePromise, form: (typeof forms)[number]): Promise<unknown> {
  if (form === 'text') return promise.text()
  const response = await promise
  if (form === 'await') return response.bytes()
  const chunks: unknown[] = []
  for await (const chunk of response.body) chunks.push(chunk)
  return chunks
}

describe.each(phases)('A request $name', ({ prepare, reach, request, holds, leaves }) => {
  const start = (session: ClientSession, options: RequestOptions = {}): ResponsePromise =>
    request?.(session, options) ?? session.get(url, options)

  async function checkNothingLeft(network: MemoryNetwork, session: ClientSession): Promise<void> {
    for (const peer of network.peers) peer.resume()
    await settle()
    expect(network.open).toBe(leaves === undefined ? 0 : 1)
    if (leaves !== undefined) network.peers[0]?.send(response(''))
    await settle()
    // The next one finds a place, and a connection that nobody has written into.
    network.failure = undefined
    const text = session.get(url).text()
    const peer = await network.peer(network.peers.length - 1)
    await peer.answer('next')
    expect(await text).toBe('next')
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1, requests: 0, waiting: 0 })
    await session.close()
    expect(session.statistics()).toMatchObject({ open: 0 })
  }

  test.each(forms)('cancelled with its scope leaves nothing (%s)', async (form) => {
    const network = new MemoryNetwork()
    const session = network.session({ limit: 1 })
    await prepare?.(network, session)
    let error: unknown
    await cancelledGroup(async (group) => {
      group.spawn(async () => {
        try {
          await read(start(session), form)
        } catch (caught) {
          error = caught
          throw caught
        }
      })
      await reach?.(network)
      await settle()
      expect(session.statistics()).toMatchObject(holds)
      group.cancel('enough')
      expect(session.statistics()).toMatchObject(leaves ?? { open: 0, waiting: 0, requests: 0 })
    })
    expect(CancelledError.is(error)).toBe(true)
    await checkNothingLeft(network, session)
    expect([...rootScope.members()].filter((member) => member instanceof Exchange)).toEqual([])
  })

  test('aborted by a signal leaves nothing, and no listener', async () => {
    const network = new MemoryNetwork()
    const session = network.session({ limit: 1 })
    await prepare?.(network, session)
    const controller = new AbortController()
    const listeners = watchListeners(controller.signal)
    const result = start(session, { signal: controller.signal }).text()
    result.catch(() => undefined)
    await reach?.(network)
    await settle()
    expect(listeners.size).toBe(1)
    controller.abort(new Error('enough'))
    await expect(result).rejects.toMatchObject({ code: 'SPOOL_CANCELLED', source: 'signal' })
    expect(session.statistics()).toMatchObject(leaves ?? { open: 0, waiting: 0, requests: 0 })
    expect(listeners.size).toBe(0)
    await checkNothingLeft(network, session)
  })

  test('given up by a session that closes in a cancelled scope leaves nothing', async () => {
    const network = new MemoryNetwork()
    const session = network.session({ limit: 1 })
    await prepare?.(network, session)
    const result = start(session).text()
    result.catch(() => undefined)
    await reach?.(network)
    await settle()
    await cancelledGroup(async (group) => {
      group.cancel()
      await session.close()
    })
    await expect(result).rejects.toThrow(ClosedResourceError)
    expect(session.statistics()).toMatchObject({ open: 0, waiting: 0, requests: 0 })
    for (const peer of network.peers) peer.resume()
    await settle()
    expect(network.open).toBe(0)
  })
})

function watchListeners(signal: AbortSignal): Set<unknown> {
  const listeners = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.add(args[1])
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.delete(args[1])
    remove(...args)
  }
  return listeners
}

describe('A request', () => {
  test('in a scope that is cancelled already sends nothing', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    await cancelledGroup(async (group) => {
      group.cancel()
      await expect(session.get(url)).rejects.toThrow(CancelledError)
      await expect(session.get(url).text()).rejects.toThrow(CancelledError)
    })
    expect(network.peers).toHaveLength(0)
    expect(session.statistics()).toMatchObject({ requests: 0 })
  })

  test('with a signal that is aborted already sends nothing', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const signal = AbortSignal.abort()
    await expect(session.get(url, { signal })).rejects.toMatchObject({ source: 'signal' })
    expect(network.peers).toHaveLength(0)
  })

  test('that nobody awaits is released with the group that made it', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    await taskGroup(async () => {
      const forgotten = session.get(url)
      await (await network.peer()).request()
      expect(forgotten.constructor.name).toBe('ResponsePromise')
    })
    await (await network.peer()).untilLeft()
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('whose response is not read is released with the group that made it', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const [response] = await taskGroup(async () => {
      const pending = session.get(url)
      const peer = await network.peer()
      await peer.request()
      peer.send(`${head}ab`)
      return [await pending] as const
    })
    await (await network.peer()).untilLeft()
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
    await expect(response.text()).rejects.toMatchObject({ source: 'ended' })
  })

  test('made in a region that has ended goes on in the scope around it', async () => {
    using clock = MockClock.install()
    const network = new MemoryNetwork()
    await using session = network.session()
    await taskGroup(async () => {
      const { value } = await moveOnAfter(1000, () => ({ promise: session.get(url) }))
      const peer = await network.peer()
      await peer.request()
      peer.send('HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n')
      await clock.advance(5000)
      await peer.answer('b')
      expect(await value?.promise.text()).toBe('b')
    })
  })

  test('read in a region that times out is given up with it', async () => {
    using clock = MockClock.install()
    const network = new MemoryNetwork()
    await using session = network.session()
    const promise = session.get(url)
    const reading = moveOnAfter(1000, () => promise.text())
    const peer = await network.peer()
    await peer.request()
    await clock.advance(1000)
    expect(await reading).toMatchObject({ timedOut: true })
    await peer.untilLeft()
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('awaited in a region that times out goes on', async () => {
    using clock = MockClock.install()
    const network = new MemoryNetwork()
    await using session = network.session()
    const promise = session.get(url)
    const waiting = moveOnAfter(1000, () => Promise.resolve(promise))
    const peer = await network.peer()
    await peer.request()
    await clock.advance(1000)
    expect(await waiting).toMatchObject({ timedOut: true })
    peer.send(response('late'))
    expect(await promise.text()).toBe('late')
  })

  test('abandoned after the answer came first ends its source', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const ended = Promise.withResolvers<void>()
    async function* source(): AsyncGenerator<string> {
      try {
        for (;;) {
          yield 'more'
          await settle()
        }
      } finally {
        ended.resolve()
      }
    }
    const text = session.post(url, { body: source() }).text()
    const peer = await network.peer()
    await peer.readUntil('more')
    peer.send(response('no', '', '413 Content Too Large'))
    expect(await text).toBe('no')
    await peer.untilLeft()
    await ended.promise
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('whose source throws fails with that', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const failure = new Error('no more')
    async function* source(): AsyncGenerator<string> {
      yield 'one'
      throw failure
    }
    await expect(session.post(url, { body: source() })).rejects.toBe(failure)
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
    expect(TimeoutError.is(failure)).toBe(false)
  })

  test('whose source does not keep to its length is not sent to its end', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const short = session.post(url, { body: ['a'], headers: { 'content-length': '2' } })
    await expect(short).rejects.toMatchObject({ code: 'SPOOL_LOCAL_PROTOCOL' })
    const long = session.post(url, { body: ['abc'], headers: { 'content-length': '2' } })
    await expect(long).rejects.toMatchObject({ code: 'SPOOL_LOCAL_PROTOCOL' })
    await settle()
    expect(network.open).toBe(0)
  })
})
