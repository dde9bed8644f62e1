/**
 * A network without one: what a session sends is answered in memory, by a script, by functions, or by an
 * application. All between the two is real: the bytes of HTTP, the pool, time-outs, cookies, redirects.
 */
import { outsideScopes } from '../concurrency/scope/context.ts'
import { rootScope } from '../concurrency/scope/scope.ts'
import type { ConnectTarget, TransportOpener } from '../client/index.ts'
import { memoryPair, type MemoryTransport, type Transport } from '../io/index.ts'
import type { ApplicationRun } from '../server/application-run.ts'
import { ConnectionHost } from '../server/connection/connection-host.ts'
import { destinationOf, type Dispatcher } from '../server/connection/destination.ts'
import { Application, type Handler, type ServerRequest, ServerResponse } from '../server/index.ts'
import {
  type MockReply,
  MockRoute,
  type RecordedRequest,
  responseOf,
  type RouteOptions,
  type URLPattern,
} from './mock-replies.ts'

/**
 * Answers the requests of a session in a test.
 *
 * @example
 * ```ts
 * import { ClientSession } from 'spool/client'
 *
 * await using mock = new MockTransport()
 * mock.on('GET', '/users/1', { json: { name: 'Ada' } })
 * mock.on('POST', 'http://api.test/users', async (request) => ({ status: 201, json: await request.json() }))
 *
 * await using session = new ClientSession({ baseUrl: 'http://api.test', transport: mock })
 * console.log(await session.get('/users/1').text()) // → {"name":"Ada"}
 * console.log((await session.post('/users', { json: { name: 'Bob' } })).status) // → 201
 * mock.assertAllUsed()
 * ```
 *
 * @example
 * ```ts
 * import { ClientSession } from 'spool/client'
 * import { Application, text } from 'spool/server'
 *
 * const app = new Application().get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!`))
 * await using mock = new MockTransport(app)
 * await using session = new ClientSession({ baseUrl: 'http://app.test', transport: mock })
 * console.log(await session.get('/greet/Ada').text()) // → Hello, Ada!
 * ```
 */
export class MockTransport implements TransportOpener, AsyncDisposable {
  /** All that came, in order. */
  readonly requests: RecordedRequest[] = []
  readonly #served: Application | Handler | undefined
  readonly #onError: ((error: unknown) => void) | undefined
  readonly #routes: MockRoute[] = []
  // Replies in order, and failures to connect.
  readonly #script: MockRoute[] = []
  readonly #refusals: Error[] = []
  readonly #unmatched: string[] = []
  readonly #open = new Set<MemoryTransport>()
  #run: Promise<ApplicationRun> | undefined = undefined
  #closed = false

  /** `served` answers what no reply was given for. */
  constructor(served?: Application | Handler, /** @internal */ onError?: (error: unknown) => void) {
    this.#served = served
    this.#onError = onError
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#open.size
  }

  /** Answers requests with this method (`*` for any) to this URL. What was added first is asked first. */
  on(method: string, url: URLPattern, reply: MockReply, options: RouteOptions = {}): this {
    this.#routes.push(new MockRoute(method, url, reply, options.times))
    return this
  }

  /** Answers the next request, whatever it is, before all that `on()` says. */
  reply(reply: MockReply): this {
    this.#script.push(new MockRoute(undefined, undefined, reply, 1))
    return this
  }

  /** Fails the next attempt to connect. */
  refuse(error: Error): this {
    this.#refusals.push(error)
    return this
  }

  /** Throws if a reply was not used as often as it was to be, or a request came that none was for. */
  assertAllUsed(): void {
    const faults = [...this.#script, ...this.#routes]
      .filter((route) => !route.isUsed)
      .map(({ name, used }) => `the reply to ${name} was used ${used} times`)
    if (this.#refusals.length > 0) faults.push(`${this.#refusals.length} refusals were not used`)
    for (const request of this.#unmatched) faults.push(`there was no reply for ${request}`)
    if (faults.length > 0) throw new Error(`MockTransport: ${faults.join('; ')}`)
  }

  /** @internal Sets up what lifespans set up, which the first connection does otherwise. */
  async begin(): Promise<void> {
    if (this.#served instanceof Application) await this.#start(this.#served)
  }

  /** @internal From the session. */
  async open(target: ConnectTarget): Promise<Transport> {
    if (this.#closed) throw new Error('MockTransport: it is closed')
    const refusal = this.#refusals.shift()
    if (refusal !== undefined) throw refusal
    await this.begin()
    return outsideScopes(() => this.#connect(target))
  }

  /**
   * Drops its connections, and cleans up what lifespans of the application have set up.
   *
   * Cancellation: none reaches it; lifespans clean up to their end.
   */
  async close(): Promise<void> {
    this.#closed = true
    for (const transport of this.#open) transport.destroy()
    const run = this.#run
    this.#run = undefined
    await (await run)?.cleanUp()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #start(application: Application): Promise<ApplicationRun> {
    return (this.#run ??= application.start(rootScope, (error) => this.#report(error)))
  }

  #connect(target: ConnectTarget): Transport {
    const [client, server] = memoryPair()
    this.#open.add(client)
    const host = new ConnectionHost(
      this.#dispatcher(client, target),
      { onError: (error) => this.#report(error) },
      rootScope,
    )
    host.accept(server, { secure: target.secure, authority: new URL(target.href).host })
    // Called when the connection and its last request are over.
    host.whenIdle(() => {
      host.end()
      this.#open.delete(client)
    })
    return client
  }

  // What a handler throws is a fault of the test: the client sees a 500, and the test is told.
  #report(error: unknown): void {
    this.#unmatched.push(`what threw ${String(error)}`)
    this.#onError?.(error)
  }

  #dispatcher(client: MemoryTransport, target: ConnectTarget): Dispatcher {
    const mocked = destinationOf((request) => this.#answer(request, client, target))
    return {
      destination: (request) => {
        const served = this.#served
        const url = urlOf(request, target)
        const bare = { method: request.method, url, headers: request.headers, body: undefined }
        const hasReply = this.#script.length > 0 || this.#routes.some((route) => route.takes(bare))
        if (hasReply || !(served instanceof Application)) return mocked
        this.requests.push(bare)
        return served.destination(request)
      },
    }
  }

  async #answer(
    request: ServerRequest,
    client: MemoryTransport,
    target: ConnectTarget,
  ): Promise<ServerResponse | Response> {
    const { method, headers } = request
    const url = urlOf(request, target)
    const recorded = { method, url, headers, body: await request.body.bytes() }
    this.requests.push(recorded)
    const route = this.#script.shift() ?? this.#routes.find((one) => one.takes(recorded))
    if (route === undefined) return this.#unexpected(request, recorded, client)
    route.used++
    const { reply } = route
    const made = typeof reply === 'function' ? await reply(request, recorded) : reply
    if (!(made instanceof Error)) return responseOf(made)
    client.destroy(made)
    return new ServerResponse()
  }

  #unexpected(
    request: ServerRequest,
    { method, url }: RecordedRequest,
    client: MemoryTransport,
  ): ReturnType<Handler> {
    const served = this.#served
    if (typeof served === 'function') return served(request)
    this.#unmatched.push(`${method} ${url}`)
    client.destroy(new Error(`MockTransport has no reply for ${method} ${url}`))
    return new ServerResponse()
  }
}

function urlOf({ target }: ServerRequest, { href }: ConnectTarget): string {
  return target.startsWith('/') ? href + target : target
}
