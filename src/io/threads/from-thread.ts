/** The way back: functions of this thread that one in another thread calls. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { checkFunction } from '../../concurrency/scope/arguments.ts'
import { outsideContexts, runInScope } from '../../concurrency/scope/context.ts'
import type { Scope } from '../../concurrency/scope/scope.ts'
import { sentThrown } from './sent-error.ts'
import type { ThreadAnswer, ThreadCallback, ThreadCallbackAnswer } from './thread-job.ts'

type AnyFunction = (...args: unknown[]) => unknown

const marked = new WeakSet<object>()

/**
 * Marks a function as one that a thread calls back: given to `toThread()` among the arguments, it is a function
 * there too, which runs here, in the scope of the `toThread()`. Over there it always returns a promise; arguments
 * and results are copied.
 *
 * ```ts
 * const seen: number[] = []
 * const work = async (count: number, tell: (step: number) => Promise<unknown>) => {
 *   for (let step = 1; step <= count; step++) await tell(step)
 *   return 'done'
 * }
 * console.log(await toThread(work, [3, fromThread((step: number) => seen.push(step))])) // → done
 * console.log(seen.join()) // → 1,2,3
 * await closeThreads()
 * ```
 *
 * Cancellation: what it waits for in this thread is cancelled with the `toThread()`.
 *
 * @throws TypeError if it is given no function
 */
export function fromThread<A extends unknown[], R>(
  fn: (...args: A) => R,
): (...args: A) => Promise<Awaited<R>> {
  checkFunction('call back from a thread', fn)
  const callback = async (...args: A): Promise<Awaited<R>> => await fn(...args)
  marked.add(callback)
  return callback
}

/** Whether it comes from `fromThread()`. */
export function isCallback(value: unknown): value is AnyFunction {
  return typeof value === 'function' && marked.has(value)
}

/** The end of the line that a thread calls on; its port is to be sent there. */
export class CallbackLine {
  readonly there: MessagePort
  readonly #here: MessagePort

  /** Each call of the argument `index` runs `functions.get(index)`, in `scope`. */
  constructor(functions: ReadonlyMap<number, AnyFunction>, scope: Scope) {
    const { port1, port2 } = outsideContexts(() => new MessageChannel())
    this.#here = port1
    this.there = port2
    outsideContexts(() => {
      port1.on('message', ({ id, index, args }: ThreadCallback) => {
        void this.#answer(id, () => runInScope(scope, () => functions.get(index)?.(...args)))
      })
    })
  }

  close(): void {
    this.#here.close()
  }

  async #answer(id: number, call: () => unknown): Promise<void> {
    let answer: ThreadAnswer
    const send = (answer: ThreadAnswer): void => {
      const message: ThreadCallbackAnswer = { id, answer }
      this.#here.postMessage(message, [])
    }
    try {
      answer = { value: await call() }
    } catch (error) {
      answer = { error: sentThrown(error) }
    }
    try {
      send(answer)
    } catch (error) {
      send({ error: sentThrown(error) })
    }
  }
}
