/** What was asked of the other end, and who waits for the answer. */
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { Queue } from '../../concurrency/queues/queue.ts'
import type { FrameLink } from './frame-link.ts'
import { type Frame, FrameKind } from './frames.ts'
import { receivedError, type SentError } from './remote-error.ts'

/** Who waits for answers. */
interface Asker {
  result(value: unknown): void
  item(value: unknown): void
  end(): void
  fail(error: Error): void
}

// So many answers of a stream may be on their way: enough to hide the way there and back on one machine.
const window = 32

export class Questions {
  readonly #link: FrameLink
  readonly #askers = new Map<number, Asker>()
  #lastId = 0
  #failure: Error | undefined = undefined

  constructor(link: FrameLink) {
    this.#link = link
  }

  /** How many answers are waited for. */
  get size(): number {
    return this.#askers.size
  }

  async ask(value: unknown): Promise<unknown> {
    const id = this.#nextId()
    const waiter = new Waiter<unknown>(() => this.#giveUp(id), undefined, 'an answer')
    // Whoever can't even ask throws that, and does not come for the answer.
    waiter.promise.catch(ignore)
    if (!waiter.settled) {
      const fail = (error: Error): void => void waiter.reject(error)
      const result = (answer: unknown): void => void waiter.resolve(answer)
      this.#askers.set(id, { result, item: result, end: () => result(undefined), fail })
      await this.#send([FrameKind.request, id, value])
    }
    return waiter.promise
  }

  async *askForMany(value: unknown): AsyncGenerator<unknown, void> {
    const id = this.#nextId()
    const answers = new Queue<unknown>({ capacity: 0 })
    let failure: Error | undefined
    const asker: Asker = {
      // Bounded all the same: the other end sends no more than it has credit for.
      item: (answer) => void answers.tryPut({ answer }),
      result: (answer) => void answers.tryPut({ answer }),
      end: () => answers.close(),
      fail: (error) => {
        failure = error
        answers.close()
      },
    }
    this.#askers.set(id, asker)
    try {
      await this.#send([FrameKind.streamRequest, id, { value, credit: window }])
      let taken = 0
      for await (const item of answers) {
        yield (item as { answer: unknown }).answer
        if (++taken % (window / 2) === 0) {
          this.#link.writeSoon([FrameKind.credit, id, window / 2])
        }
      }
      if (failure !== undefined) throw failure
    } finally {
      this.#giveUp(id)
    }
  }

  /** Hands an answer to whoever asked; for one that nobody waits for any more it does nothing. */
  answered([kind, id, value]: Frame): void {
    const asker = this.#askers.get(id)
    if (asker === undefined) return
    if (kind === FrameKind.item) {
      asker.item(value)
      return
    }
    this.#askers.delete(id)
    if (kind === FrameKind.failure) asker.fail(receivedError(value as SentError))
    else if (kind === FrameKind.end) asker.end()
    else asker.result(value)
  }

  /** Nothing is answered any more. */
  fail(error: Error): void {
    this.#failure ??= error
    const askers = [...this.#askers.values()]
    this.#askers.clear()
    for (const asker of askers) asker.fail(this.#failure)
  }

  #nextId(): number {
    if (this.#failure !== undefined) throw this.#failure
    return ++this.#lastId
  }

  async #send(frame: Frame): Promise<void> {
    try {
      await this.#link.write(frame)
    } catch (error) {
      this.#giveUp(frame[1])
      throw this.#failure ?? error
    }
  }

  #giveUp(id: number): void {
    if (!this.#askers.delete(id)) return
    // In a cancelled scope nothing is written: this is, for it ends the work at the other end.
    outsideScopes(() => this.#link.writeSoon([FrameKind.cancel, id]))
  }
}

function ignore(): void {}
