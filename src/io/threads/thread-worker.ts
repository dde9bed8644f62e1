/**
 * What runs in a thread: the pool calls it for each job. It loads little, since a thread begins by loading it.
 */
import { isMarkedAsUntransferable, type MessagePort } from 'node:worker_threads'
import { isCloneable, receivedThrown, sentThrown } from './sent-error.ts'
import type {
  ThreadAnswer,
  ThreadCallback,
  ThreadCallbackAnswer,
  ThreadFunction,
  ThreadJob,
} from './thread-job.ts'

type AnyFunction = (...args: unknown[]) => unknown

// Functions that were sent as source. Few programs have more; each is dropped in the order in which it came.
const mostSources = 100
const compiled = new Map<string, AnyFunction>()

/** Never rejects: what the function throws is in the answer. */
export default async function runJob(job: ThreadJob): Promise<unknown> {
  const callbacks = job.calls === undefined ? undefined : new Callbacks(job.calls)
  try {
    const fn = await functionOf(job.fn)
    const args = [...job.args]
    for (const index of job.functions) {
      args[index] = (...given: unknown[]) => callbacks?.call(index, given)
    }
    const value: unknown = await fn(...args)
    if (job.transfersResult) return await movable({ value }, buffersOf(value))
    return checked(value)
  } catch (error) {
    return { error: sentThrown(error) } satisfies ThreadAnswer
  } finally {
    callbacks?.close()
  }
}

async function functionOf(target: ThreadFunction): Promise<AnyFunction> {
  if ('source' in target) return compile(target.source)
  const exports = (await import(target.module)) as Record<string, unknown>
  const found = exports[target.name]
  if (typeof found === 'function') return found as AnyFunction
  throw new TypeError(
    `Cannot run "${target.name}" of "${target.module}" in a thread: it is no function there`,
  )
}

function compile(source: string): AnyFunction {
  const known = compiled.get(source)
  if (known !== undefined) return known
  // The program's own code, sent by its own main thread.
  // oxlint-disable-next-line typescript/no-implied-eval
  const fn = new Function(`'use strict'; return (${source})`)() as AnyFunction
  const [oldest] = compiled.keys()
  if (compiled.size === mostSources && oldest !== undefined) compiled.delete(oldest)
  compiled.set(source, fn)
  return fn
}

// Found out here: what can't be sent would otherwise end the thread.
function checked(value: unknown): ThreadAnswer {
  const simple = value === null || (typeof value !== 'object' && typeof value !== 'function')
  if ((simple && typeof value !== 'symbol') || isPlainBytes(value) || isCloneable(value)) {
    return { value }
  }
  const error = new Error('the result can not be sent')
  return { error: sentThrown(error), unsendable: true }
}

// The usual large results: to clone them for a try would cost as much as to send them.
function isPlainBytes(value: unknown): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer
}

/** The memory that a result has, in itself and one level down. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const parts =
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
      ? [value, ...Object.values(value)]
      : [value]
  const buffers = new Set<ArrayBuffer>()
  for (const part of parts) {
    const buffer: unknown = ArrayBuffer.isView(part) ? part.buffer : part
    // Small buffers of Node.js share their memory with others, and are marked for that.
    if (buffer instanceof ArrayBuffer && !isMarkedAsUntransferable(buffer)) buffers.add(buffer)
  }
  return [...buffers]
}

async function movable(answer: ThreadAnswer, list: readonly ArrayBuffer[]): Promise<unknown> {
  const { Piscina } = await import('piscina')
  const { transferableSymbol, valueSymbol } = Piscina
  return Piscina.move({
    [transferableSymbol]: list,
    [valueSymbol]: answer,
  } as unknown as ArrayBuffer)
}

/** Functions of the other thread. */
class Callbacks {
  readonly #port: MessagePort
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0
  #over = false

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', ({ id, answer }: ThreadCallbackAnswer) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if ('value' in answer) waiting?.resolve(answer.value)
      else waiting?.reject(receivedThrown(answer.error))
    })
  }

  async call(index: number, args: readonly unknown[]): Promise<unknown> {
    if (this.#over) throw over()
    const id = ++this.#lastId
    const waiting = Promise.withResolvers<unknown>()
    const call: ThreadCallback = { id, index, args }
    this.#port.postMessage(call, [])
    this.#waiting.set(id, waiting)
    return waiting.promise
  }

  close(): void {
    this.#over = true
    this.#port.close()
    for (const waiting of this.#waiting.values()) {
      // Nobody may be waiting for it.
      waiting.promise.catch(() => undefined)
      waiting.reject(over())
    }
  }
}

function over(): Error {
  return new Error('Cannot call into the main thread: what was run in this one is over')
}
