import type { Application, ErrorListener, Handler, ServeOptions, Server } from '../server/index.ts'
import { serve } from '../server/index.ts'
import type { TransportOpener } from '../client/index.ts'
import { MockTransport } from './mock-transport.ts'

export interface TestServerOptions {
  /**
   * `memory`: no socket is opened. `socket`: it listens on a free port of 127.0.0.1, for what only a real
   * connection shows. Default `memory`.
   */
  over?: 'memory' | 'socket'
  /** Limits and the like, for `socket` alone. */
  serve?: Omit<ServeOptions, 'workers' | 'listeners' | 'onError'>
}

/**
 * An application, or a handler, served for a test: in memory, or over a socket. What is done with it is
 * the same for both.
 *
 * @example
 * ```ts
 * import { Application, text } from 'spool/server'
 * import { TestClient, TestServer } from 'spool/testing'
 *
 * const app = new Application().get('/', () => text('Hello, world!'))
 * await using server = await TestServer.start(app, { over: 'socket' })
 * await using ada = new TestClient(server, { cookies: true })
 * await using bob = new TestClient(server, { cookies: true })
 * console.log(await ada.get('/').text(), await bob.get('/').text()) // → Hello, world! Hello, world!
 * ```
 */
export class TestServer implements AsyncDisposable {
  /** What no client is told: what handlers threw that became a 500, what failed in tasks and streams. */
  readonly errors: readonly unknown[]
  /** Without a path. In memory it is `http://app.test`, which a `TestClient` alone can reach. */
  readonly url: string
  /** @internal Opens the connections; undefined for sockets. */
  readonly transport: TransportOpener | undefined
  readonly #server: MockTransport | Server

  /** @internal Made by `start()`. */
  constructor(server: MockTransport | Server, errors: readonly unknown[]) {
    this.#server = server
    this.errors = errors
    const inMemory = server instanceof MockTransport
    this.url = inMemory ? 'http://app.test' : server.url
    this.transport = inMemory ? server : undefined
  }

  /**
   * Serves. Resolves when lifespans have set up what they set up.
   *
   * Cancellation: nothing is served, and what lifespans set up is cleaned up.
   *
   * @throws what a lifespan throws, and TypeError for "serve" without "socket"
   */
  static async start(
    served: Application | Handler,
    options: TestServerOptions = {},
  ): Promise<TestServer> {
    const { over = 'memory', serve: serving } = options
    const errors: unknown[] = []
    const onError: ErrorListener = (error) => void errors.push(error)
    if (over === 'socket') {
      const server = await serve(served, { host: '127.0.0.1', ...serving, onError })
      return new TestServer(server, errors)
    }
    if (over !== 'memory') {
      throw new TypeError(`Cannot serve over "${String(over)}": expected "memory" or "socket"`)
    }
    if (serving !== undefined) {
      throw new TypeError('Cannot use "serve" in memory: say over: "socket"')
    }
    const mock = new MockTransport(served, (error) => errors.push(error))
    await mock.begin()
    return new TestServer(mock, errors)
  }

  /**
   * Closes it, and cleans up what lifespans have set up. Calling it again does nothing.
   *
   * Cancellation: in memory none reaches it; over a socket it is that of `server.close()`.
   */
  close(): Promise<void> {
    return this.#server.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
