import { currentScope } from '../concurrency/scope/scope.ts'
import { hostAndPort } from '../io/errors.ts'
import { listen, type Listener, type ListenOptions } from '../io/listener.ts'
import { readTLSFiles } from '../io/tls-files.ts'
import { primaryLine } from '../io/worker-process.ts'
import { Application } from './application.ts'
import { ApplicationRun } from './application-run.ts'
import { ConnectionHost } from './connection/connection-host.ts'
import { destinationOf, type Dispatcher } from './connection/destination.ts'
import { LocalServer } from './local-server.ts'
import type { Handler } from './routing/route.ts'
import type { Server } from './server.ts'
import { checkServeOptions, type ListenAddress, type ServeOptions } from './server-options.ts'
import { serveByWorkers } from './workers/worker-server.ts'
import { serveForPrimary } from './workers/serve-for-primary.ts'

/**
 * Serves an application, or one handler for every request whatever its method and target. Resolves
 * when it listens, on all addresses.
 *
 * ```ts
 * const app = new Application().get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!`))
 * await using server = await serve(app, { port: 0 })
 * const response = await fetch(`${server.url}/greet/Ada`)
 * ```
 *
 * With `workers` the requests are handled by so many processes, each of which runs this program: there
 * `serve()` listens, and here it starts them, starts one that dies anew, and ends them together. Only
 * the worker processes run lifespans. Whatever the program does besides is done in all of them.
 *
 * The server belongs to the scope that it is made in: if that is cancelled, the server closes.
 *
 * Cancellation: nothing is listened on, and what lifespans set up is cleaned up.
 *
 * Throws `ListenError` if an address can't be had, TypeError or RangeError for options that make no
 * sense, `BrokenResourceError` if a worker dies before it listens, and whatever a lifespan throws.
 */
export async function serve(
  served: Application | Handler,
  options: ServeOptions = {},
): Promise<Server> {
  checkServeOptions(options)
  const { workers } = options
  if (workers === undefined) return serveHere(served, options)
  const primary = primaryLine()
  if (primary === undefined) return serveByWorkers({ ...options, workers })
  return serveForPrimary(primary, (ports) => serveHere(served, options, ports))
}

async function serveHere(
  served: Application | Handler,
  options: ServeOptions,
  ports: readonly (number | null)[] = [],
): Promise<LocalServer> {
  const scope = currentScope()
  scope.throwIfCancelled()
  const addresses = addressesOf(options)
  const host = new ConnectionHost(dispatcherOf(served), options, scope)
  const report = (error: unknown): void => host.report(error, undefined)
  const application = served instanceof Application ? served : undefined
  const listeners: Listener[] = []
  let run: ApplicationRun | undefined
  try {
    run = await (application?.start(scope, report) ?? new ApplicationRun(scope, report))
    const server = new LocalServer({ host, listeners, addresses, application: run, scope })
    for (const [index, address] of addresses.entries()) {
      const port = ports[index] ?? address.port
      const endpoint = { secure: address.tls !== undefined, authority: authorityOf(address) }
      const listener = await listen(listenOptions(address, port, host), (transport) =>
        server.accept(transport, endpoint),
      )
      endpoint.authority = listener.address
      listeners.push(listener)
    }
    server.begin()
    return server
  } catch (error) {
    for (const listener of listeners) await listener.close()
    host.destroy('the server could not be started')
    await run?.cleanUp()
    host.end()
    throw error
  }
}

function dispatcherOf(served: Application | Handler): Dispatcher {
  if (served instanceof Application) return served
  if (typeof served !== 'function') {
    throw new TypeError(`Cannot serve ${String(served)}: expected an Application or a handler`)
  }
  const destination = destinationOf(served)
  return { destination: () => destination }
}

const addressNames = ['host', 'port', 'path', 'mode', 'tls', 'backlog', 'reusePort'] as const

function addressesOf(options: ServeOptions): readonly ListenAddress[] {
  const { listeners } = options
  if (listeners === undefined) return [options]
  if (listeners.length === 0)
    throw new TypeError('Cannot serve on no address: "listeners" is empty')
  const double = addressNames.find((name) => options[name] !== undefined)
  if (double === undefined) return listeners
  throw new TypeError(`Cannot serve with "listeners" and "${double}": say it of each listener`)
}

function authorityOf({ host = 'localhost', port = 0 }: ListenAddress): string {
  return hostAndPort(host, port)
}

function listenOptions(
  address: ListenAddress,
  port: number | undefined,
  host: ConnectionHost,
): ListenOptions {
  const options: ListenOptions = { maxConnections: host.limits.connections }
  for (const name of addressNames) {
    if (name !== 'tls' && address[name] !== undefined)
      Object.assign(options, { [name]: address[name] })
  }
  if (port !== undefined) options.port = port
  if (address.tls !== undefined) options.tls = readTLSFiles(address.tls)
  return options
}
