import { ClientSession, type ClientSessionOptions } from '../client/index.ts'
import type { Application, Handler } from '../server/index.ts'
import { TestServer, type TestServerOptions } from './test-server.ts'

export interface TestClientOptions extends Omit<ClientSessionOptions, 'transport'> {}

/**
 * A session whose paths lead to a `TestServer`.
 *
 * @example
 * ```ts
 * import { Application, text } from 'spool/server'
 * import { TestClient } from 'spool/testing'
 *
 * const app = new Application().get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!`))
 * await using client = await TestClient.start(app)
 * console.log(await client.get('/greet/Ada').text()) // → Hello, Ada!
 * console.log((await client.get('/none')).status) // → 404
 * ```
 */
export class TestClient extends ClientSession {
  readonly server: TestServer
  #ownsServer = false

  /** The server stays open when the client is closed. */
  constructor(server: TestServer, options: TestClientOptions = {}) {
    const { transport, url } = server
    super({ baseUrl: url, ...options, ...(transport === undefined ? {} : { transport }) })
    this.server = server
  }

  /**
   * Serves, for this client alone: closing the client closes the server, too.
   *
   * Cancellation: nothing is served, and what lifespans set up is cleaned up.
   *
   * @throws what `TestServer.start()` throws
   */
  static async start(
    served: Application | Handler,
    options: TestClientOptions & TestServerOptions = {},
  ): Promise<TestClient> {
    const { over, serve, ...session } = options
    const server = await TestServer.start(served, {
      ...(over === undefined ? {} : { over }),
      ...(serve === undefined ? {} : { serve }),
    })
    try {
      const client = new TestClient(server, session)
      client.#ownsServer = true
      return client
    } catch (error) {
      await server.close()
      throw error
    }
  }

  override async close(): Promise<void> {
    try {
      await super.close()
    } finally {
      if (this.#ownsServer) await this.server.close()
    }
  }
}
