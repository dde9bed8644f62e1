/**
 * Signals of the system, for code that awaits.
 *
 * A signal carries nothing but its name, and the system itself keeps at most one of each: so does this. What is kept
 * is thus bounded by the number of names.
 */
import { constants } from 'node:os'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { CancelledError } from '../../concurrency/errors.ts'
import { outsideContexts } from '../../concurrency/scope/context.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { ScopeMember } from '../../concurrency/scope/scope-member.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { show } from '../../concurrency/scope/arguments.ts'

/** Ends the listening with the scope that it belongs to. */
class Ending extends ScopeMember {
  readonly #cancel: (error: CancelledError) => void

  constructor(cancel: (error: CancelledError) => void) {
    super()
    this.#cancel = cancel
  }

  scopeCancelled(error: CancelledError): void {
    this.#cancel(error)
  }
}

/** The signals that come; made by `signals()`. */
export class Signals implements AsyncIterableIterator<NodeJS.Signals, undefined>, Disposable {
  readonly #names: ReadonlySet<NodeJS.Signals>
  /** Came and not taken yet, in the order of coming. */
  readonly #pending = new Set<NodeJS.Signals>()
  readonly #waiting: Waiter<NodeJS.Signals | undefined>[] = []
  readonly #ending: Ending
  #closed = false
  /** Keeps the program running while somebody waits: a listener to a signal does not. */
  #hold: MessagePort | undefined = undefined

  /** @internal */
  constructor(names: ReadonlySet<NodeJS.Signals>) {
    this.#names = names
    this.#ending = new Ending((error) => {
      for (const waiter of this.#waiting.splice(0)) waiter.reject(error)
      this.close()
    })
    const scope = currentScope()
    scope.throwIfCancelled()
    scope.addMember(this.#ending)
    outsideContexts(() => {
      for (const name of names) process.on(name, this.#listener)
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * The next signal; done after `close()`. Several tasks may wait: each signal goes to one of them.
   *
   * Cancellation: nothing was taken.
   */
  async next(): Promise<IteratorResult<NodeJS.Signals, undefined>> {
    currentScope().throwIfCancelled()
    const [first] = this.#pending
    if (first !== undefined) {
      this.#pending.delete(first)
      return { value: first, done: false }
    }
    if (this.#closed) return { value: undefined, done: true }
    const value = await this.#wait()
    return value === undefined ? { value, done: true } : { value, done: false }
  }

  /** Leaving a loop stops to listen. */
  async return(): Promise<IteratorResult<NodeJS.Signals, undefined>> {
    this.close()
    return { value: undefined, done: true }
  }

  /** Stops to listen; loops end, and the signals do what they did before. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pending.clear()
    for (const name of this.#names) process.off(name, this.#listener)
    this.#ending.memberOf?.removeMember(this.#ending)
    for (const waiter of this.#waiting.splice(0)) waiter.resolve(undefined)
    this.#letGo()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #wait(): Promise<NodeJS.Signals | undefined> {
    const waiter: Waiter<NodeJS.Signals | undefined> = new Waiter(
      () => {
        const at = this.#waiting.indexOf(waiter)
        if (at >= 0) this.#waiting.splice(at, 1)
        this.#letGo()
      },
      undefined,
      `a signal: ${[...this.#names].join(', ')}`,
    )
    if (!waiter.settled) {
      this.#waiting.push(waiter)
      this.#hold ??= holdProgram()
    }
    return waiter.promise
  }

  readonly #listener = (name: NodeJS.Signals): void => {
    const waiter = this.#waiting.shift()
    if (waiter === undefined) this.#pending.add(name)
    else waiter.resolve(name)
    this.#letGo()
  }

  #letGo(): void {
    if (this.#waiting.length > 0) return
    this.#hold?.close()
    this.#hold = undefined
  }
}

function holdProgram(): MessagePort {
  return outsideContexts(() => {
    const { port1 } = new MessageChannel()
    // To listen is what holds.
    port1.on('message', () => undefined)
    return port1
  })
}

// The system lets nobody listen to these (signal(7)).
const refused = new Set(['SIGKILL', 'SIGSTOP'])

/**
 * Listens to signals from now on, instead of what they do otherwise, until the scope ends, is cancelled, or the loop
 * over them is left. One that comes again before it was taken is given once.
 *
 * Inside `run()`, SIGINT and SIGTERM cancel the program whoever else listens: `run(main, { signals: false })` leaves
 * them to you. Node.js itself starts its debugger on SIGUSR1, unless somebody listens.
 *
 * ```ts no-run
 * for await (const signal of signals('SIGHUP', 'SIGUSR2')) {
 *   if (signal === 'SIGHUP') console.log('Reading the settings again')
 *   else console.log(process.memoryUsage())
 * }
 * ```
 *
 * Cancellation: in a cancelled scope nothing is listened to.
 *
 * @throws TypeError for what is no signal, or none that can be listened to
 */
export function signals(...names: NodeJS.Signals[]): Signals {
  if (names.length === 0)
    throw new TypeError('Cannot listen to no signal: expected one name or more')
  for (const name of names) {
    if (!Object.hasOwn(constants.signals, name) || refused.has(name)) {
      throw new TypeError(`Cannot listen to ${show(name)}: expected a signal such as "SIGHUP"`)
    }
  }
  return new Signals(new Set(names))
}
