import assert from 'node:assert/strict'
import { ConnectionPool, type PoolOptions } from '../../../src/client/pool/pool.ts'
import { PoolHost } from '../../../src/client/pool/pool-host.ts'
import { FakeConnection, FakeRequest } from './fake-connections.ts'

/** Runs any sequence of events, and checks after each what must hold at all times. */
export class PoolModel {
  options: PoolOptions
  readonly pool: ConnectionPool<FakeConnection, FakeRequest>
  readonly hosts: PoolHost<FakeConnection, FakeRequest>[] = []
  opening: FakeRequest[] = []
  waiting: FakeRequest[] = []
  active: FakeConnection[] = []
  idle: FakeConnection[] = []
  served: FakeRequest[] = []
  now = 0

  constructor(options: PoolOptions) {
    this.options = options
    for (const name of 'abc') this.hosts.push(new PoolHost(name))
    this.pool = new ConnectionPool(options, {
      assign: (request, connection) => {
        this.#leave(request)
        if (this.idle.includes(connection)) {
          this.idle = this.idle.filter((other) => other !== connection)
          this.active.push(connection)
        }
        assert(this.active.includes(connection))
        assert.equal(connection.host, request.host)
      },
      open: (request) => {
        this.#leave(request)
        this.opening.push(request)
      },
      close: (connection) => {
        this.idle = this.idle.filter((other) => other !== connection)
        this.active = this.active.filter((other) => other !== connection)
      },
    })
  }

  #leave(request: FakeRequest): void {
    const older = this.waiting.filter(
      (other) => other.host === request.host && other.arrival < request.arrival,
    )
    if (this.waiting.includes(request)) assert.deepEqual(older, [])
    this.waiting = this.waiting.filter((other) => other !== request)
    this.served.push(request)
  }

  step(event: number, choice: number): void {
    this.now += choice % 7
    const pick = <T>(list: T[]): T | undefined => list[choice % list.length]
    const connection = pick(this.active)
    if (event === 0) {
      const host = pick(this.hosts) as PoolHost<FakeConnection, FakeRequest>
      const request = new FakeRequest('r', host, choice % 5 === 0)
      this.waiting.push(request)
      this.pool.request(request, this.now)
    } else if (event === 1) {
      const request = pick(this.opening)
      if (request === undefined) return
      this.opening = this.opening.filter((other) => other !== request)
      if (choice % 3 === 0) {
        this.pool.openFailed(request.host)
      } else {
        this.active.push(new FakeConnection('c', request.host))
        this.pool.opened()
      }
    } else if (event === 2 && connection !== undefined) {
      // What it is assigned to next is in use again.
      const before = this.served.length
      this.pool.release(connection, this.now)
      const reused = this.served.length > before && this.active.includes(connection)
      if (!reused && this.active.includes(connection)) {
        this.active = this.active.filter((other) => other !== connection)
        this.idle.push(connection)
      }
    } else if (event === 3 && connection !== undefined) {
      this.active = this.active.filter((other) => other !== connection)
      this.pool.discard(connection.host)
    } else if (event === 4) {
      const idle = pick(this.idle)
      if (idle === undefined) return
      this.idle = this.idle.filter((other) => other !== idle)
      this.pool.lost(idle)
    } else if (event === 5) {
      const request = pick(this.waiting)
      if (request === undefined) return
      this.waiting = this.waiting.filter((other) => other !== request)
      this.pool.withdraw(request)
    } else if (event === 6) {
      this.pool.expire(this.now)
    } else if (event === 7) {
      const limit = 1 + (choice % 4)
      const limitPerHost = pick([1, 2, Infinity]) ?? 1
      this.options = { ...this.options, limit, limitPerHost }
      this.pool.setLimits(limit, limitPerHost, this.hosts)
    }
  }

  checkBooks(): void {
    const { limit, limitPerHost } = this.options
    const open = this.opening.length + this.active.length + this.idle.length
    assert.deepEqual(this.pool.statistics(), {
      open,
      active: this.active.length,
      idle: this.idle.length,
      connecting: this.opening.length,
      waiting: this.waiting.length,
      limit,
      limitPerHost,
    })
    // What is in use stays when a limit is lowered.
    assert(open <= limit || this.idle.length === 0)
    for (const host of this.hosts) {
      const own = [...this.opening, ...this.active, ...this.idle].filter((of) => of.host === host)
      assert.equal(host.open, own.length)
      assert(host.open <= limitPerHost || host.newestIdle === undefined)
      const waits = this.waiting.some((request) => request.host === host)
      if (!waits) continue
      // Nobody waits for a place that is free, or could be made so.
      assert.equal(host.newestIdle, undefined)
      if (host.open >= limitPerHost) continue
      assert(open >= limit)
      assert.equal(this.idle.length, 0)
    }
  }
}
