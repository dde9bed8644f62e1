/**
 * The door to `node:cluster`: other processes that run the same program and listen where this one
 * says. It says nothing of when they are started and ended.
 */
import cluster, { type Worker } from 'node:cluster'
import { availableParallelism } from 'node:os'
import { outsideScopes } from '../concurrency/scope/context.ts'

/** How many processes can run at a time. */
export function processorCount(): number {
  return availableParallelism()
}

/** Who hears of a worker. Called outside of every scope. */
export interface WorkerListener {
  message(message: unknown): void
  /** Once: by its code, or by the signal that ended it. */
  exited(code: number | null, signal: string | null): void
}

/** A process that was started from here. */
export class WorkerProcess {
  readonly pid: number
  readonly #worker: Worker

  /** @internal Made by `startWorkerProcess()`. */
  constructor(worker: Worker) {
    this.#worker = worker
    this.pid = worker.process.pid ?? 0
  }

  /** Nothing happens if it has gone. */
  send(message: object): void {
    if (this.#worker.isConnected()) this.#worker.send(message, () => undefined)
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }
}

// They must not outlive a primary that is ended at once.
const running = new Set<Worker>()
function killAll(): void {
  for (const worker of running) worker.process.kill('SIGKILL')
}

// How a worker hears of what was decided before it was started.
const briefVariable = 'WORKER_OF_SPOOL'

/** Starts this program once more, with the same arguments; `brief` is for `primaryLine()` there. */
export function startWorkerProcess(listener: WorkerListener, brief: object): WorkerProcess {
  return outsideScopes(() => {
    const worker = cluster.fork({ [briefVariable]: JSON.stringify(brief) })
    if (running.size === 0) process.on('exit', killAll)
    running.add(worker)
    worker.on('message', (message: unknown) => listener.message(message))
    // A line that breaks is told by the end of the process.
    worker.on('error', () => undefined)
    worker.process.once('exit', (code, signal) => {
      running.delete(worker)
      if (running.size === 0) process.off('exit', killAll)
      listener.exited(code, signal)
    })
    return new WorkerProcess(worker)
  })
}

/** The line from a worker to the process that started it. */
export interface PrimaryLine {
  /** What the primary had to say from the first. */
  readonly brief: unknown
  /** Resolves when the message is on its way, or can't be. Cancellation: has none. */
  send(message: object): Promise<void>
  onMessage(callback: (message: unknown) => void): void
  /** The primary has gone. */
  onLost(callback: () => void): void
  /** Lets this process end when it has nothing left to do. */
  close(): void
}

/** Undefined in a process that is no worker. */
export function primaryLine(): PrimaryLine | undefined {
  const { worker } = cluster
  if (!cluster.isWorker || worker === undefined) return undefined
  // Otherwise Node.js exits at once when the line breaks, whatever still runs.
  worker.exitedAfterDisconnect = true
  return {
    brief: JSON.parse(process.env[briefVariable] ?? 'null') as unknown,
    send: (message) =>
      new Promise((resolve) => {
        if (worker.isConnected()) worker.send(message, () => resolve())
        else resolve()
      }),
    onMessage: (callback) => void process.on('message', callback),
    onLost: (callback) => void process.once('disconnect', callback),
    close: () => {
      if (worker.isConnected()) worker.disconnect()
    },
  }
}
