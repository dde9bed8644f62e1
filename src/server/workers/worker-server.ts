/** A server whose requests are handled by other processes: this one only starts and ends them. */
import { BusyResourceError } from '../../concurrency/errors.ts'
import { currentScope, type Scope } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { listen, removeStaleSocket } from '../../io/listener.ts'
import { processorCount } from '../../io/worker-process.ts'
import { reportToConsole } from '../connection/failure-response.ts'
import type { Server, ServerStatistics } from '../server.ts'
import { type CloseOptions, ServerEnd } from '../server-end.ts'
import {
  defaultTimeouts,
  type ListenAddress,
  type ServeOptions,
  settings,
  type ServerTimeouts,
} from '../server-options.ts'
import type { WorkerBrief } from './messages.ts'
import type { WorkerAddress } from './living-worker.ts'
import { Supervisor } from './supervisor.ts'

const nothing: ServerStatistics = {
  connections: 0,
  idle: 0,
  active: 0,
  requests: 0,
  disconnected: 0,
  malformed: 0,
  timedOut: 0,
  accepted: 0,
  refused: 0,
}

// For a worker to end its process, after its server is closed.
const exitTime = 1_000

// Each runs the whole program: two servers of this kind would mean workers of workers.
let only = false

/** Starts the workers, and resolves when all of them listen. */
export async function serveByWorkers(
  options: ServeOptions & { workers: number | 'auto' },
): Promise<Server> {
  const count = options.workers === 'auto' ? processorCount() : options.workers
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new RangeError(`Cannot serve by ${count} workers: expected "auto", or 1 or more`)
  }
  if (only) {
    throw new BusyResourceError(
      'Cannot serve by workers twice: each of them runs the whole program',
    )
  }
  const scope = currentScope()
  scope.throwIfCancelled()
  only = true
  try {
    const addresses = options.listeners ?? [options]
    const server = new WorkerServer(scope, count, options, { ports: await freePorts(addresses) })
    await server.start()
    return server
  } catch (error) {
    only = false
    throw error
  }
}

/**
 * Ports for the addresses that leave it to the system: found once, since the port that workers share is
 * given back whenever the last of them dies. Sockets that others have left behind are removed.
 */
async function freePorts(addresses: readonly ListenAddress[]): Promise<(number | null)[]> {
  const ports: (number | null)[] = []
  for (const { host, port = 0, path } of addresses) {
    if (path !== undefined) await removeStaleSocket(path)
    if (path !== undefined || port !== 0) ports.push(null)
    else {
      const probe = await listen(host === undefined ? {} : { host }, (transport) => {
        transport.destroy()
      })
      ports.push(probe.port ?? null)
      await probe.close()
    }
  }
  return ports
}

class WorkerServer implements Server {
  readonly #supervisor: Supervisor
  readonly #end: ServerEnd
  readonly #timeouts: ServerTimeouts
  readonly #scope: Scope
  #address: WorkerAddress = { port: 0, url: '', urls: [] }

  constructor(scope: Scope, count: number, options: ServeOptions, brief: WorkerBrief) {
    this.#scope = scope
    this.#timeouts = settings('timeout', defaultTimeouts, options.timeouts)
    const { onError = reportToConsole } = options
    this.#supervisor = new Supervisor({
      count,
      brief,
      report: (error) => onError(error, undefined),
      patience: 2 * this.#timeouts.cancellation + exitTime,
    })
    this.#end = new ServerEnd(scope, this.#timeouts.shutdown, {
      run: (end) => this.#stop(end),
      report: (error) => onError(error, undefined),
    })
    this.#end.onEarlier(() => this.#supervisor.hurry(this.#end.left))
  }

  get port(): number {
    return this.#address.port
  }

  get url(): string {
    return this.#address.url
  }

  get urls(): readonly string[] {
    return this.#address.urls
  }

  get workers(): readonly number[] {
    return this.#supervisor.processes
  }

  get closed(): Promise<void> {
    return this.#end.closed
  }

  async start(): Promise<void> {
    try {
      this.#address = await this.#supervisor.start()
    } catch (error) {
      await this.#end.close({ deadline: clock().now() })
      this.#scope.throwIfCancelled()
      throw error
    }
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#end.close(options)
  }

  reload(): Promise<void> {
    const { shutdown } = this.#timeouts
    return this.#supervisor.replace(() => Math.min(shutdown, this.#end.left))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  statistics(): ServerStatistics {
    const sum: Record<keyof ServerStatistics, number> = { ...nothing }
    for (const one of this.#supervisor.statistics) {
      for (const name of Object.keys(nothing) as (keyof ServerStatistics)[]) sum[name] += one[name]
    }
    return sum
  }

  async #stop(end: ServerEnd): Promise<void> {
    try {
      await this.#supervisor.close(() => end.left)
    } finally {
      only = false
    }
  }
}
