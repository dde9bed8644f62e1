/** A server without sockets: its connections are memory, so a mock clock can stand for the time. */
import type { ConnectionOptions, Handler } from 'spool/server'
import { Application } from 'spool/server'
import { settle } from 'spool/testing'
import { outsideScopes } from '../../src/concurrency/scope/context.ts'
import { rootScope } from '../../src/concurrency/scope/scope.ts'
import {
  memoryPair,
  type MemoryPairOptions,
  type MemoryTransport,
} from '../../src/io/memory-transport.ts'
import { ConnectionHost } from '../../src/server/connection/connection-host.ts'
import { destinationOf } from '../../src/server/connection/destination.ts'

/** The client's end of a connection, in the hands of a test. */
export class MemoryClient {
  readonly transport: MemoryTransport
  /** All that came and was not taken, as latin1. */
  text = ''
  /** Whether the server sends no more. */
  ended = false
  closed = false
  /** Why it was closed, if not in order. */
  error: Error | undefined = undefined

  constructor(transport: MemoryTransport) {
    this.transport = transport
    transport.start({
      data: (bytes) => {
        this.text += Buffer.from(bytes).toString('latin1')
      },
      end: () => {
        this.ended = true
      },
      drain: () => undefined,
      closed: (error) => {
        this.closed = this.ended = true
        this.error = error
      },
    })
  }

  /** Sends, and lets the server do all that it can do without time passing. */
  async send(text: string): Promise<this> {
    this.transport.write(text)
    await settle()
    return this
  }

  /** Ends this side, and lets the server find out. */
  async end(): Promise<void> {
    this.transport.end()
    await settle()
  }

  /** Takes all that came. */
  take(): string {
    const { text } = this
    this.text = ''
    return text
  }

  /** How many responses came, of those not taken. */
  get count(): number {
    return this.text.split('HTTP/1.1 ').length - 1
  }

  /** Takes all that came: the status codes of the responses, in order. */
  statuses(): number[] {
    return Array.from(this.take().matchAll(/HTTP\/1\.1 (\d{3}) /g), (match) => Number(match[1]))
  }
}

export class MemoryServer {
  readonly host: ConnectionHost
  /** What `onError` was told. */
  readonly errors: unknown[] = []

  constructor(served: Application | Handler, options: ConnectionOptions = {}) {
    const destination = served instanceof Application ? undefined : destinationOf(served)
    const dispatcher = served instanceof Application ? served : { destination: () => destination! }
    const onError = (error: unknown): void => void this.errors.push(error)
    this.host = new ConnectionHost(dispatcher, { onError, ...options }, rootScope)
  }

  connect(options?: MemoryPairOptions): MemoryClient {
    const [client, server] = memoryPair(options)
    outsideScopes(() => this.host.accept(server))
    return new MemoryClient(client)
  }
}
