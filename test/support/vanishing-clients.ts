/** Clients over sockets who ask and leave, at every stage of a request and in every way, by the hundred. */
import { ClientSession } from '../../src/client/index.ts'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import { AsyncEvent } from '../../src/index.ts'
import { Application, serve, sse, stream, text } from '../../src/server/index.ts'
import { turn } from '../../src/testing/settle.ts'
import { rawClient } from './raw-client.ts'
import type { RawConnection } from './raw-connection.ts'
import { get, post } from './requests.ts'

export interface VanishingOptions {
  readonly clients: number
  readonly atOnce: number
  /** Called after each lot, when nobody is there. */
  progress?(gone: number): void
}

/** What a client sends, and how far it lets things come. */
interface Stage {
  request(id: number): string
  /** Until its handler runs. */
  readonly runs?: true
  /** Until this came. */
  readonly reads?: string
}

const stages: readonly Stage[] = [
  { request: () => '' },
  { request: () => 'GET / HTTP/1.1\r\nhos' },
  { request: () => get('/'), reads: 'root' },
  { request: (id) => post(`/read/${id}`, 'abcdef').slice(0, -3), runs: true },
  { request: (id) => post(`/all/${id}`, 'abcdef'), runs: true },
  { request: (id) => get(`/upstream/${id}`), runs: true },
  { request: (id) => get(`/stream/${id}`), runs: true, reads: 'first' },
  { request: (id) => get(`/endless/${id}`), runs: true, reads: '\r\n\r\n' },
  { request: (id) => get(`/events/${id}`), runs: true, reads: 'data: event' },
  { request: (id) => get(`/upstream/${id}`) + get('/').repeat(20), runs: true },
]
const ways = ['end', 'destroy', 'reset'] as const

/** Fails if anything is left of anybody. Gives how many handlers were stopped. */
export async function checkVanishingClients(options: VanishingOptions): Promise<number> {
  const never = new AsyncEvent()
  const began = new Map<number, () => void>()
  const count = { running: 0, stopped: 0 }
  /** As a handler does that waits for something. */
  const waiting = async <T>(id: string, wait: () => Promise<T>): Promise<T> => {
    count.running++
    began.get(Number(id))?.()
    try {
      return await wait()
    } catch (error) {
      if ((error as { source?: unknown }).source === 'disconnect') count.stopped++
      throw error
    } finally {
      count.running--
    }
  }
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const before = inventory()
  const sameAs = (earlier: number): boolean => inventory() <= earlier
  {
    await using upstream = await serve(() => never.wait().then(() => text('')), {
      host: '127.0.0.1',
      onError,
    })
    await using session = new ClientSession({ baseUrl: upstream.url, limit: options.atOnce })
    const app = new Application()
      .get('/', () => text('root'))
      .post('/read/{id}', async (request) =>
        text(await waiting(request.params.id, () => request.text())),
      )
      .post('/all/{id}', async (request) => {
        await request.text()
        await waiting(request.params.id, () => never.wait())
        return text('')
      })
      .get('/upstream/{id}', async ({ params }) =>
        text(await waiting(params.id, () => session.get('/').text())),
      )
      .get('/stream/{id}', ({ params }) =>
        stream(
          (async function* () {
            yield 'first'
            await waiting(params.id, () => never.wait())
          })(),
        ),
      )
      .get('/endless/{id}', ({ params }) =>
        stream(
          (async function* () {
            count.running++
            began.get(Number(params.id))?.()
            try {
              for (;;) yield Buffer.alloc(65_536)
            } finally {
              count.running--
            }
          })(),
        ),
      )
      .get('/events/{id}', ({ params }) =>
        sse(async function* () {
          yield 'event'
          await waiting(params.id, () => never.wait())
        }),
      )
    await using server = await serve(app, { host: '127.0.0.1', onError })
    const idle = inventory()
    for (let gone = 0; gone < options.clients;) {
      const lot = Math.min(options.atOnce, options.clients - gone)
      const first = gone
      await Promise.all(
        Array.from({ length: lot }, (_, at) => visit(server.port, first + at, began)),
      )
      gone += lot
      await until(
        'the clients',
        () =>
          server.statistics().connections === 0 &&
          server.statistics().active === 0 &&
          upstream.statistics().connections === 0 &&
          session.statistics().open === 0 &&
          count.running === 0 &&
          sameAs(idle),
      )
      if (errors.length > 0) throw new AggregateError(errors, 'Errors were reported')
      options.progress?.(gone)
    }
  }
  await until('the servers', () => sameAs(before))
  return count.stopped
}

async function visit(port: number, id: number, began: Map<number, () => void>): Promise<void> {
  const stage = stages[id % stages.length] as Stage
  const runs = new Promise<void>((resolve) => began.set(id, resolve))
  await using client: RawConnection = await rawClient({ port })
  await client.send(stage.request(id))
  if (stage.runs === true) await runs
  if (stage.reads !== undefined) await client.readUntil(stage.reads)
  began.delete(id)
  client[ways[Math.floor(id / stages.length) % ways.length] as (typeof ways)[number]]()
  // Who ends one side only waits for the other, and gets what there is.
  if (Math.floor(id / stages.length) % ways.length === 0) await client.untilEnded()
}

// Far more than closing over loopback takes, on a loaded machine too.
const longestWait = 5_000

async function until(whose: string, nothingIsLeft: () => boolean): Promise<void> {
  const end = performance.now() + longestWait
  while (!nothingIsLeft()) {
    if (performance.now() > end) throw new Error(`Something is left of ${whose}`)
    await turn()
  }
}

/** How many sockets and scopes this thread has. */
function inventory(): number {
  const sockets = process.getActiveResourcesInfo().filter((kind) => /TCP|Pipe/.test(kind))
  return sockets.length + scopesBelow(rootScope)
}

function scopesBelow(scope: Scope): number {
  let count = 0
  for (const member of scope.members()) {
    count++
    if (member instanceof Scope) count += scopesBelow(member)
  }
  return count
}
