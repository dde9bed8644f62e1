/**
 * The threads of this program: one pool, made when the first function is sent to it.
 *
 * A thread that has nothing to do ends after a while, and none of them keeps the program running. They end with the
 * outermost task group that used them, so that nothing is left behind when `run()` returns.
 */
import { outsideContexts } from '../../concurrency/scope/context.ts'
import { rootScope, Scope } from '../../concurrency/scope/scope.ts'
import { BusyResourceError } from '../../concurrency/errors.ts'
import { SpoolError } from '../../util/error.ts'
import { reasonOf } from '../errors.ts'
import { ThreadError } from './thread-error.ts'
import type { ThreadJob } from './thread-job.ts'

// Each takes some megabytes and a thread of the system: more are a mistake, or a matter of several machines.
const mostThreads = 128

// To start one takes 30 ms or so: often enough to keep those that the next request needs.
const idleTimeout = 10_000

/** What `threadStatistics()` returns. */
export interface ThreadStatistics {
  /** Threads that there are. */
  readonly threads: number
  /** Functions that run in one, or wait until it has started. */
  readonly running: number
}

interface PoolWorker {
  once(event: 'exit', listener: () => void): unknown
}

/** What is used of piscina, in words of our own: who has not installed it can compile with our types. */
interface PoolEngine {
  readonly threads: readonly PoolWorker[]
  run(
    job: ThreadJob,
    options: { signal: AbortSignal; transferList: ArrayBuffer[] },
  ): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  destroy(): Promise<void>
}

class ThreadPool {
  readonly #piscina: PoolEngine
  /** How to fail those that run or wait. */
  readonly #failing = new Set<(error: Error) => void>()
  #closed = false

  constructor(piscina: PoolEngine) {
    this.#piscina = piscina
    // One that can't even begin: nobody would tell those who wait for it.
    piscina.on('error', (error: Error) => {
      if (piscina.threads.length > 0) return
      for (const fail of this.#failing) fail(error)
    })
  }

  get threads(): readonly PoolWorker[] {
    return this.#piscina.threads
  }

  get running(): number {
    return this.#failing.size
  }

  /** Whether its threads were ended; who waited for it asks for another. */
  get closed(): boolean {
    return this.#closed
  }

  async run(job: ThreadJob, transfer: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    if (this.#failing.size >= mostThreads) {
      throw new BusyResourceError(
        `Cannot run in a thread: ${mostThreads} are running, which is the most`,
      )
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#failing.add(reject)
    try {
      outsideContexts(() => {
        const transferList = [...transfer] as ArrayBuffer[]
        this.#piscina.run(job, { signal, transferList }).then(resolve, reject)
      })
      return await promise
    } finally {
      this.#failing.delete(reject)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#piscina.destroy()
  }
}

let loading: Promise<ThreadPool> | undefined
let loaded: ThreadPool | undefined
let closing: Promise<void> | undefined

/** The pool; loads what it is made of when it is asked for first. */
export async function threadPool(): Promise<ThreadPool> {
  await closing
  return (loading ??= load())
}

async function load(): Promise<ThreadPool> {
  const { Piscina } = await import('piscina').catch((error: NodeJS.ErrnoException) => {
    loading = undefined
    throw missing(error)
  })
  // This very file tells whether it was built.
  const worker = import.meta.url.endsWith('.ts') ? './thread-worker.ts' : './thread-worker.js'
  loaded = outsideContexts(
    () =>
      new ThreadPool(
        new Piscina({
          filename: new URL(worker, import.meta.url).href,
          minThreads: 0,
          maxThreads: mostThreads,
          idleTimeout,
        }),
      ),
  )
  return loaded
}

function missing(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ERR_MODULE_NOT_FOUND')
    return new ThreadError(reasonOf(error), { cause: error })
  return new SpoolError(
    'SPOOL_MISSING_PACKAGE',
    'Running in a thread needs the package "piscina"; run `npm install piscina`',
    { cause: error },
  )
}

/** How many threads there are, and how many functions they run. */
export function threadStatistics(): ThreadStatistics {
  return { threads: loaded?.threads.length ?? 0, running: loaded?.running ?? 0 }
}

/**
 * Ends all threads, with what still runs in them; the next `toThread()` starts others. Programs that use `run()` need
 * not call it.
 *
 * Cancellation: is never thrown; it takes some milliseconds.
 */
export async function closeThreads(): Promise<void> {
  closing ??= close()
  await closing
}

async function close(): Promise<void> {
  try {
    // At once where it can be: nobody gets in between.
    if (loaded === undefined) await loading?.catch(() => undefined)
    const pool = loaded
    loading = loaded = undefined
    await pool?.close()
  } finally {
    closing = undefined
  }
}

const users = new Map<Scope, PoolUser>()

/** Keeps the threads as long as the outermost task group that used them. */
class PoolUser extends Scope {
  readonly #outermost: Scope

  constructor(outermost: Scope) {
    // Shielded: cleaning up may need threads too.
    super(outermost, Infinity, true)
    this.#outermost = outermost
  }

  override leftBehind(): void {
    if (users.delete(this.#outermost)) void this.#leave()
  }

  async #leave(): Promise<void> {
    if (users.size === 0 && threadStatistics().running === 0) await closeThreads()
    this.end()
  }
}

/** Sees to it that the threads end with the outermost task group around. */
export function useThreads(scope: Scope): void {
  let outermost: Scope | undefined
  for (let around: Scope | undefined = scope; around !== undefined; around = around.parent) {
    if (around !== rootScope && around.group?.scope === around && !around.over) outermost = around
  }
  if (outermost !== undefined && !users.has(outermost)) {
    users.set(outermost, new PoolUser(outermost))
  }
}
