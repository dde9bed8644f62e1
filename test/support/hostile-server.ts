/** A server over sockets for clients who mean it no good, and a client who does. */
import { AsyncEvent } from 'spool'
import { Application, serve, type ServeOptions, type Server, stream, text } from 'spool/server'
import { expect } from 'vitest'
import { rawClient } from './raw-client.ts'
import type { RawConnection } from './raw-connection.ts'
import { get } from './requests.ts'
import { turnUntil } from './open-resources.ts'

export interface HostileServer extends AsyncDisposable {
  readonly server: Server
  /** What `onError` was told. */
  readonly errors: unknown[]
  /** Targets in the order in which their handlers began. */
  readonly handled: string[]
  /** Bytes that `/endless` has made. */
  readonly made: number
  /** Of `/endless`, how many began and were not ended. */
  readonly streams: number
  /** Lets `/wait` answer. */
  readonly go: AsyncEvent
  connect(): Promise<RawConnection>
  connectAll(count: number): Promise<RawConnection[]>
  /** Resolves when nobody is connected, and nothing is left of anybody's request. */
  empty(): Promise<void>
}

/**
 * Serves on a free port of 127.0.0.1. Disposing of it drops every client, checks that nothing is left of
 * them, and closes it.
 */
export async function hostileServer(options: ServeOptions = {}): Promise<HostileServer> {
  const errors: unknown[] = []
  const handled: string[] = []
  const go = new AsyncEvent()
  const count = { made: 0, streams: 0 }
  const app = new Application()
    .use((request, next) => {
      handled.push(request.target)
      return next(request)
    })
    .get('/', () => text('root'))
    .route('*', '/wait', async () => {
      await go.wait()
      return text('waited')
    })
    .get('/endless', () =>
      stream(
        (function* () {
          count.streams++
          try {
            for (;;) {
              count.made += 65_536
              yield Buffer.alloc(65_536)
            }
          } finally {
            count.streams--
          }
        })(),
      ),
    )
    .get('/large', () => text('x'.repeat(20_000_000)))
    .post('/read', async (request) => text(`read ${(await request.bytes()).length}`))
    .post('/count', async ({ body }) => {
      let length = 0
      for await (const chunk of body) length += chunk.length
      return text(`counted ${length}`)
    })
  const onError = (error: unknown): void => void errors.push(error)
  const server = await serve(app, { host: '127.0.0.1', onError, ...options })
  const clients: RawConnection[] = []
  const connect = async (): Promise<RawConnection> => {
    const client = await rawClient({ port: server.port })
    clients.push(client)
    return client
  }
  const empty = (): Promise<void> =>
    turnUntil(() => {
      const { connections, active } = server.statistics()
      return connections === 0 && active === 0 && count.streams === 0
    })
  return {
    server,
    errors,
    handled,
    go,
    get made() {
      return count.made
    },
    get streams() {
      return count.streams
    },
    connect,
    connectAll: (number) => Promise.all(Array.from({ length: number }, connect)),
    empty,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]()
      await empty()
      await server.close()
      expect(server.statistics()).toMatchObject({ connections: 0, idle: 0, active: 0 })
      expect(errors).toEqual([])
    },
  }
}

/** A client who asks as it should be, on one connection that is to be kept. */
export class GoodClient {
  readonly #connection: RawConnection

  private constructor(connection: RawConnection) {
    this.#connection = connection
  }

  static async connect(hostile: HostileServer): Promise<GoodClient> {
    return new GoodClient(await hostile.connect())
  }

  /** Asks, and throws if the answer is not the right one. */
  async ask(): Promise<void> {
    await this.#connection.send(get('/'))
    const { status, body } = await this.#connection.message()
    if (status === 200 && body.toString() === 'root') return
    throw new Error(`The good client was answered with ${status}, ${JSON.stringify(String(body))}`)
  }
}
