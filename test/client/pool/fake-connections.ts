import type { PooledConnection, PoolHost, PoolRequest } from '../../../src/client/pool/pool-host.ts'

export class FakeConnection implements PooledConnection<FakeConnection, FakeRequest> {
  readonly name: string
  readonly host: PoolHost<FakeConnection, FakeRequest>
  keepAlive = Infinity
  idle = false
  expires = 0
  olderIdle: FakeConnection | undefined
  newerIdle: FakeConnection | undefined
  belowIdle: FakeConnection | undefined
  aboveIdle: FakeConnection | undefined

  constructor(name: string, host: PoolHost<FakeConnection, FakeRequest>) {
    this.name = name
    this.host = host
  }
}

export class FakeRequest implements PoolRequest<FakeConnection, FakeRequest> {
  readonly name: string
  readonly host: PoolHost<FakeConnection, FakeRequest>
  readonly fresh: boolean
  waiting = false
  arrival = 0
  previousWaiting: FakeRequest | undefined
  nextWaiting: FakeRequest | undefined

  constructor(name: string, host: PoolHost<FakeConnection, FakeRequest>, fresh: boolean) {
    this.name = name
    this.host = host
    this.fresh = fresh
  }
}
