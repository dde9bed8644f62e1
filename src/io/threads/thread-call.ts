import type { CancelledError } from '../../concurrency/errors.ts'
import { currentScope, Scope } from '../../concurrency/scope/scope.ts'
import { CallbackLine, isCallback } from './from-thread.ts'
import { receivedThrown } from './sent-error.ts'
import { ThreadError } from './thread-error.ts'
import type { ThreadAnswer, ThreadFunction } from './thread-job.ts'
import type { threadPool } from './thread-pool.ts'

type Pool = Awaited<ReturnType<typeof threadPool>>

/** One function in one thread: bound to the scope that sent it there, which ends the thread if it is cancelled. */
export class ThreadCall extends Scope {
  readonly #controller: AbortController
  #pool: Pool | undefined
  /** Resolves when the thread that was ended is gone. */
  #gone: Promise<void> | undefined

  constructor() {
    super(currentScope())
    this.#controller = new AbortController()
    this.#pool = undefined
    this.#gone = undefined
  }

  override scopeCancelled(error: CancelledError): void {
    super.scopeCancelled(error)
    this.#stop()
  }

  override leftBehind(): void {
    this.#stop()
  }

  /** Resolves with what the function returned, and rejects with what it threw, once nothing of it is left. */
  async run(
    pool: Pool,
    fn: ThreadFunction,
    args: readonly unknown[],
    transfer: readonly unknown[],
    transfersResult: boolean,
  ): Promise<unknown> {
    this.throwIfCancelled()
    this.#pool = pool
    const functions = new Map(
      [...args.entries()].flatMap(([index, arg]) => (isCallback(arg) ? [[index, arg]] : [])),
    )
    const line = functions.size === 0 ? undefined : new CallbackLine(functions, this)
    const job = {
      fn,
      args: args.map((arg) => (isCallback(arg) ? undefined : arg)),
      calls: line?.there,
      functions: [...functions.keys()],
      transfersResult,
    }
    const list = line === undefined ? transfer : [...transfer, line.there]
    let answer: unknown
    try {
      answer = await pool.run(job, list, this.#controller.signal)
    } catch (error) {
      if (this.#controller.signal.aborted) this.throwIfCancelled()
      throw failureOf(error)
    } finally {
      line?.close()
      await this.#gone
      // What the thread has asked for and nobody waits for any more.
      await this.close()
    }
    return resultOf(answer as ThreadAnswer, 'source' in fn)
  }

  #stop(): void {
    if (this.#controller.signal.aborted) return
    const before = this.#pool?.threads ?? []
    // The pool ends the thread, and does not say which.
    this.#controller.abort()
    const after = new Set(this.#pool?.threads)
    const ended = before.find((thread) => !after.has(thread))
    if (ended === undefined) return
    this.#gone = new Promise((resolve) => void ended.once('exit', resolve))
  }
}

const unsendable = /could not be cloned|object that could not|Object that needs transfer/

function failureOf(error: unknown): unknown {
  if (ThreadError.is(error) || !(error instanceof Error)) return error
  if (unsendable.test(error.message)) {
    return new TypeError(
      `Cannot send an argument to a thread: ${error.message}; functions are sent by fromThread()`,
      { cause: error },
    )
  }
  const exit = /^worker exited with code: (\d+)/.exec(error.message)
  if (exit !== null) return new ThreadError(`the thread ended with exit code ${exit[1]}`)
  if (error.message === 'Terminating worker thread') {
    return new ThreadError('the threads were closed')
  }
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new ThreadError('the thread ran out of memory', { cause: error })
  }
  // An error of ours, or one that nobody caught over there.
  return 'code' in error && String(code).startsWith('SPOOL_')
    ? error
    : new ThreadError(`an error in it was not caught: ${error.message}`, { cause: error })
}

function resultOf(answer: ThreadAnswer, fromSource: boolean): unknown {
  if ('value' in answer) return answer.value
  if (answer.unsendable) {
    throw new ThreadError('its result can not be sent: structured clone does not take it')
  }
  const { thrown } = answer.error
  const captured = fromSource && thrown instanceof ReferenceError
  const hint = captured ? '; a function that is sent to a thread sees its arguments alone' : ''
  throw receivedThrown(answer.error, hint)
}
