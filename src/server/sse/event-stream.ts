/**
 * Events on their way out. Three things may happen while the source thinks: the next event, the time
 * for a sign of life, and the end of the server. The source runs in a scope of its own, so that it can
 * be stopped while the response still comes to its proper end.
 */
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { runInScope } from '../../concurrency/scope/context.ts'
import { currentScope, Scope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { Queue } from '../../concurrency/queues/queue.ts'
import { type RequestKeeper, RequestScope } from '../connection/request-scope.ts'
import { encodeEvent, type ServerSentEvent } from './event-encoding.ts'
import type { EventSender, EventSource } from './sse.ts'

type Event = ServerSentEvent | string
type Next = IteratorResult<Event, unknown>

// An event without data is none: what is only there to be seen on the wire.
const signOfLife = ':\n\n'

export class EventStream implements AsyncIterable<string> {
  readonly #source: EventSource
  readonly #heartbeat: number
  readonly #first: string | undefined

  constructor(source: EventSource, heartbeat: number, retry: number | undefined) {
    this.#source = source
    this.#heartbeat = heartbeat
    this.#first = retry === undefined ? undefined : encodeEvent({ retry })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    const scope = new Scope(currentScope())
    const keeper = keeperOf(scope)
    const stop = (): void => scope.cancel('the server is closing', 'shutdown')
    keeper?.closingListeners.add(stop)
    if (keeper?.closing === true) stop()
    const iterator = runInScope(scope, () => iteratorOf(this.#source))
    try {
      if (this.#first !== undefined) yield this.#first
      let next: Promise<Next> | undefined
      for (;;) {
        next ??= runInScope(scope, () => iterator.next())
        const result = await this.#nextWithin(next)
        if (result === undefined) yield signOfLife
        else if (result.done === true) return
        else {
          next = undefined
          yield encodeEvent(result.value)
        }
      }
    } catch (error) {
      // Stopped by the server's closing, the end is in order; whatever else stops us, is not.
      if (!(scope.cancelledHere && isCancellation(error))) throw error
    } finally {
      keeper?.closingListeners.delete(stop)
      scope.cancel('nobody takes the events')
      await iterator.return?.()
      scope.end()
    }
  }

  /** What the source gives; undefined if it takes longer than a heartbeat. */
  async #nextWithin(next: Promise<Next>): Promise<Next | undefined> {
    const waiter = new Waiter<Next | undefined>()
    const timer =
      this.#heartbeat === Infinity
        ? undefined
        : clock().setTimer(this.#heartbeat, () => waiter.resolve(undefined), { background: true })
    next.then(
      (result) => waiter.resolve(result),
      (error: unknown) => waiter.reject(error),
    )
    try {
      return await waiter.promise
    } finally {
      timer?.cancel()
    }
  }
}

function iteratorOf(source: EventSource): AsyncIterator<Event, unknown> {
  if (typeof source !== 'function') return source[Symbol.asyncIterator]()
  const handOver = new HandOver()
  const made = source(handOver)
  return Symbol.asyncIterator in made ? made[Symbol.asyncIterator]() : handOver.iterate(made)
}

/** Between a function that sends and a stream that takes: one event, so that the sender waits. */
class HandOver implements EventSender {
  readonly #queue = new Queue<Event>({ capacity: 1 })

  readonly send = (event: Event): Promise<void> => this.#queue.put(event)

  iterate(sending: Promise<void>): AsyncGenerator<Event, void> {
    const over = sending.finally(() => this.#queue.close())
    // Told once all that was sent before is out.
    over.catch(() => undefined)
    return this.#events(over)
  }

  async *#events(over: Promise<void>): AsyncGenerator<Event, void> {
    try {
      yield* this.#queue
      await over
    } finally {
      this.#queue.close({ immediate: true })
      await over.catch(() => undefined)
    }
  }
}

/** The server; none if there is no request around. */
function keeperOf(scope: Scope): RequestKeeper | undefined {
  for (let one = scope.parent; one !== undefined; one = one.parent) {
    if (one instanceof RequestScope) return one.keeper
  }
  return undefined
}
