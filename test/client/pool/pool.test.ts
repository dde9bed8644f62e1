import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConnectionPool, type PoolOptions } from '../../../src/client/pool/pool.ts'
import { PoolHost } from '../../../src/client/pool/pool-host.ts'
import { BusyResourceError } from '../../../src/concurrency/errors.ts'
import { FakeConnection, FakeRequest } from './fake-connections.ts'
import { PoolModel } from './pool-model.ts'

/** A pool whose actions are written down, as `open a1`, `assign a1 c1`, `close c1`. */
class Script {
  readonly pool: ConnectionPool<FakeConnection, FakeRequest>
  readonly hosts = new Map<string, PoolHost<FakeConnection, FakeRequest>>()
  #said: string[] = []

  constructor(options: Partial<PoolOptions>) {
    const all = { limit: 100, limitPerHost: Infinity, maxWaiting: 100, keepAlive: 15_000 }
    this.pool = new ConnectionPool(
      { ...all, ...options },
      {
        assign: (request, connection) =>
          this.#said.push(`assign ${request.name} ${connection.name}`),
        open: (request) => this.#said.push(`open ${request.name}`),
        close: (connection) => this.#said.push(`close ${connection.name}`),
      },
    )
  }

  host(name: string): PoolHost<FakeConnection, FakeRequest> {
    const host = this.hosts.get(name) ?? new PoolHost(name)
    this.hosts.set(name, host)
    return host
  }

  request(name: string, { fresh = false, now = 0 } = {}): FakeRequest {
    const request = new FakeRequest(name, this.host(name[0] as string), fresh)
    this.pool.request(request, now)
    return request
  }

  /** A request for which a connection is opened, and in use. */
  connection(name: string): FakeConnection {
    this.request(name)
    this.pool.opened()
    return new FakeConnection(name.toUpperCase(), this.host(name[0] as string))
  }

  said(): string[] {
    const said = this.#said
    this.#said = []
    return said
  }
}

describe('ConnectionPool', () => {
  test('request() opens a connection when none is idle', () => {
    const script = new Script({})
    script.request('a1')
    expect(script.said()).toEqual(['open a1'])
    expect(script.pool.statistics()).toMatchObject({ open: 1, connecting: 1, active: 0, idle: 0 })
    script.pool.opened()
    expect(script.pool.statistics()).toMatchObject({ open: 1, connecting: 0, active: 1, idle: 0 })
  })

  test('request() uses the connection that was used last', () => {
    const script = new Script({})
    const first = script.connection('a1')
    const second = script.connection('a2')
    script.pool.release(first, 0)
    script.pool.release(second, 1)
    script.said()
    script.request('a3', { now: 2 })
    script.request('a4', { now: 2 })
    script.request('a5', { now: 2 })
    expect(script.said()).toEqual(['assign a3 A2', 'assign a4 A1', 'open a5'])
  })

  test('request() does not use a connection of another host', () => {
    const script = new Script({})
    script.pool.release(script.connection('a1'), 0)
    script.said()
    script.request('b1')
    expect(script.said()).toEqual(['open b1'])
  })

  test('request() closes what has been idle for too long, though no timer has run', () => {
    const script = new Script({ keepAlive: 1000 })
    const older = script.connection('a1')
    const newer = script.connection('a2')
    script.pool.release(older, 0)
    script.pool.release(newer, 500)
    script.said()
    script.request('a3', { now: 1500 })
    expect(script.said()).toEqual(['close A2', 'close A1', 'open a3'])
    expect(script.pool.statistics()).toMatchObject({ open: 1, idle: 0, connecting: 1 })
  })

  test('request() keeps to the time that the server named', () => {
    const script = new Script({})
    const connection = script.connection('a1')
    connection.keepAlive = 4000
    script.pool.release(connection, 0)
    script.said()
    script.request('a2', { now: 4000 })
    expect(script.said()).toEqual(['close A1', 'open a2'])
  })

  test('request() waits at the limit, and is served in order of arrival', () => {
    const script = new Script({ limit: 1 })
    const connection = script.connection('a1')
    script.said()
    script.request('a2')
    script.request('a3')
    expect(script.said()).toEqual([])
    expect(script.pool.statistics().waiting).toBe(2)
    script.pool.release(connection, 0)
    script.pool.release(connection, 0)
    expect(script.said()).toEqual(['assign a2 A1', 'assign a3 A1'])
  })

  test('request() at the limit takes the place of what has been idle for longest', () => {
    const script = new Script({ limit: 2 })
    const older = script.connection('a1')
    const newer = script.connection('b1')
    script.pool.release(older, 0)
    script.pool.release(newer, 1)
    script.said()
    script.request('c1')
    expect(script.said()).toEqual(['close A1', 'open c1'])
    expect(script.pool.statistics()).toMatchObject({ open: 2, idle: 1, connecting: 1 })
  })

  test('request() waits at the limit of its host, though there are places', () => {
    const script = new Script({ limitPerHost: 1 })
    const connection = script.connection('a1')
    script.said()
    script.request('a2')
    script.request('b1')
    expect(script.said()).toEqual(['open b1'])
    script.pool.release(connection, 0)
    expect(script.said()).toEqual(['assign a2 A1'])
  })

  test('request() throws when too many wait', () => {
    const script = new Script({ limit: 1, maxWaiting: 1 })
    script.request('a1')
    script.request('a2')
    expect(() => script.request('a3')).toThrow(BusyResourceError)
    expect(script.pool.statistics().waiting).toBe(1)
  })

  test('request() for a fresh connection passes by what is idle', () => {
    const script = new Script({ limitPerHost: 2 })
    const connection = script.connection('a1')
    script.pool.release(connection, 0)
    script.said()
    script.request('a2', { fresh: true })
    expect(script.said()).toEqual(['open a2'])
    script.request('a3', { fresh: true })
    expect(script.said()).toEqual(['close A1', 'open a3'])
    expect(script.pool.statistics()).toMatchObject({ open: 2, idle: 0 })
  })

  test('release() serves an older request of another host first if that host has no connection', () => {
    const script = new Script({ limit: 1 })
    const connection = script.connection('a1')
    script.request('b1')
    script.request('a2')
    script.said()
    script.pool.release(connection, 0)
    expect(script.said()).toEqual(['close A1', 'open b1'])
  })

  test('release() passes an older request of another host over at most `limit` times', () => {
    const script = new Script({ limit: 2 })
    const connection = script.connection('a1')
    script.connection('b1')
    script.request('b2')
    for (const name of ['a2', 'a3', 'a4']) script.request(name)
    script.said()
    for (let times = 0; times < 3; times++) script.pool.release(connection, 0)
    expect(script.said()).toEqual(['assign a2 A1', 'assign a3 A1', 'close A1', 'open b2'])
  })

  test('withdraw() takes a request out of the queue, wherever it stands', () => {
    const script = new Script({ limit: 1 })
    const connection = script.connection('a1')
    const [first, second, third] = ['a2', 'a3', 'a4'].map((name) => script.request(name))
    script.said()
    script.pool.withdraw(second as FakeRequest)
    script.pool.withdraw(first as FakeRequest)
    script.pool.release(connection, 0)
    expect(script.said()).toEqual(['assign a4 A1'])
    expect(third?.waiting).toBe(false)
    expect(script.pool.statistics().waiting).toBe(0)
  })

  test('openFailed() gives the place to the next', () => {
    const script = new Script({ limit: 1 })
    const failed = script.request('a1')
    script.request('b1')
    script.said()
    script.pool.openFailed(failed.host)
    expect(script.said()).toEqual(['open b1'])
  })

  test('discard() gives the place to the next, of the same host where that was full', () => {
    const script = new Script({ limitPerHost: 1 })
    const connection = script.connection('a1')
    script.request('a2')
    script.said()
    script.pool.discard(connection.host)
    expect(script.said()).toEqual(['open a2'])
  })

  test('lost() forgets an idle connection', () => {
    const script = new Script({})
    const connection = script.connection('a1')
    script.pool.release(connection, 0)
    script.pool.lost(connection)
    script.said()
    script.request('a2')
    expect(script.said()).toEqual(['open a2'])
    expect(script.pool.statistics()).toMatchObject({ open: 1, idle: 0 })
  })

  test('expire() closes what is too old, and says when to look again', () => {
    const script = new Script({ keepAlive: 1000 })
    const older = script.connection('a1')
    const newer = script.connection('b1')
    script.pool.release(older, 0)
    script.pool.release(newer, 300)
    script.said()
    expect(script.pool.expire(999)).toBe(1000)
    expect(script.pool.expire(1000)).toBe(1300)
    expect(script.said()).toEqual(['close A1'])
    expect(script.pool.expire(1300)).toBe(Infinity)
    expect(script.pool.statistics().open).toBe(0)
  })

  test('keepAlive: 0 closes each connection after its exchange', () => {
    const script = new Script({ keepAlive: 0, limit: 1 })
    const connection = script.connection('a1')
    script.request('a2')
    script.said()
    script.pool.release(connection, 0)
    expect(script.said()).toEqual(['open a2', 'close A1'])
  })

  test('closeIdle() closes what is idle and nothing else', () => {
    const script = new Script({})
    const connection = script.connection('a1')
    script.connection('a2')
    script.connection('b1')
    script.pool.release(connection, 0)
    script.said()
    script.pool.closeIdle()
    expect(script.said()).toEqual(['close A1'])
    expect(script.pool.statistics()).toMatchObject({ open: 2, active: 2, idle: 0 })
  })

  test('toString() says what there is', () => {
    const script = new Script({ limit: 3 })
    script.pool.release(script.connection('a1'), 0)
    script.connection('b1')
    for (const name of ['b2', 'b3', 'b4']) script.request(name)
    expect(String(script.pool)).toBe(
      'ConnectionPool(3 open of 3: 1 active, 0 idle, 2 connecting; 1 waiting)',
    )
  })

  test('setLimits() serves those who need not wait any more, in their order', () => {
    const script = new Script({ limit: 1 })
    script.connection('a1')
    for (const name of ['a2', 'b1', 'a3']) script.request(name)
    script.said()
    script.pool.setLimits(3, Infinity, script.hosts.values())
    expect(script.said()).toEqual(['open a2', 'open b1'])
    expect(script.pool.statistics()).toMatchObject({ limit: 3, open: 3, waiting: 1 })
  })

  test('setLimits() closes what is idle and too much, and the rest when it falls free', () => {
    const script = new Script({})
    const [a1, a2, b1] = ['a1', 'a2', 'b1'].map((name) => script.connection(name))
    script.pool.release(a1 as FakeConnection, 0)
    script.said()
    script.pool.setLimits(1, Infinity, script.hosts.values())
    expect(script.said()).toEqual(['close A1'])
    script.request('b2')
    script.pool.release(a2 as FakeConnection, 0)
    expect(script.said()).toEqual(['close A2'])
    script.pool.release(b1 as FakeConnection, 0)
    expect(script.said()).toEqual(['assign b2 B1'])
    expect(script.pool.statistics()).toMatchObject({ open: 1, active: 1, waiting: 0 })
  })

  test('setLimits() makes room for a host that was at its own limit', () => {
    const script = new Script({ limit: 2, limitPerHost: 1 })
    const b1 = script.connection('b1')
    script.connection('a1')
    script.pool.release(b1, 0)
    script.request('a2')
    script.said()
    script.pool.setLimits(2, 2, script.hosts.values())
    expect(script.said()).toEqual(['close B1', 'open a2'])
  })
})

describe('ConnectionPool, whatever happens', () => {
  test('keeps its limits and its books, and lets nobody wait for what is free', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.nat(1000))
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(1, 2, Infinity),
        fc.array(step, { maxLength: 60 }),
        (limit, limitPerHost, steps) => {
          const model = new PoolModel({ limit, limitPerHost, maxWaiting: 1000, keepAlive: 20 })
          for (const [event, choice] of steps) {
            model.step(event, choice)
            model.checkBooks()
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
