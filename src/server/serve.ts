import { currentScope } from '../concurrency/scope/scope.ts'
import { listen, type ListenOptions } from '../io/listener.ts'
import { Application } from './application.ts'
import { ApplicationRun } from './application-run.ts'
import { ConnectionHost } from './connection/connection-host.ts'
import { destinationOf, type Dispatcher } from './connection/destination.ts'
import type { Handler } from './routing/route.ts'
import { Server } from './server.ts'
import type { ServeOptions } from './server-options.ts'

/**
 * Serves an application, or one handler for every request whatever its method and target. Resolves
 * when it listens.
 *
 * ```ts
 * const app = new Application().get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!`))
 * await using server = await serve(app, { port: 0 })
 * const response = await fetch(`${server.url}/greet/Ada`)
 * ```
 *
 * The server belongs to the scope that it is made in: if that is cancelled, the server closes.
 *
 * Cancellation: nothing is listened on, and what lifespans set up is cleaned up.
 *
 * Throws `ListenError` if the address can't be had, and whatever a lifespan throws.
 */
export async function serve(
  served: Application | Handler,
  options: ServeOptions = {},
): Promise<Server> {
  const scope = currentScope()
  scope.throwIfCancelled()
  const dispatcher = dispatcherOf(served)
  const host = new ConnectionHost(dispatcher, options, scope, options.tls !== undefined)
  const report = (error: unknown): void => host.report(error, undefined)
  const application = served instanceof Application ? served : undefined
  let run: ApplicationRun | undefined
  try {
    run = await (application?.start(scope, report) ?? new ApplicationRun(scope, report))
    const listener = await listen(listenOptions(options, host), (transport) =>
      host.accept(transport),
    )
    host.authority = listener.address
    return new Server({ host, listener, application: run, scope })
  } catch (error) {
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

function listenOptions(options: ServeOptions, host: ConnectionHost): ListenOptions {
  const { host: address, port, path, tls, backlog } = options
  return {
    maxConnections: host.limits.connections,
    ...(address === undefined ? {} : { host: address }),
    ...(port === undefined ? {} : { port }),
    ...(path === undefined ? {} : { path }),
    ...(tls === undefined ? {} : { tls }),
    ...(backlog === undefined ? {} : { backlog }),
  }
}
