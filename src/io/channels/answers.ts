/** What the other end asked, and who works on the answers. */
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import type { Task } from '../../concurrency/tasks/task.ts'
import type { TaskGroup } from '../../concurrency/tasks/task-group.ts'
import { SpoolError } from '../../util/error.ts'
import type { FrameLink } from './frame-link.ts'
import { type Frame, FrameKind } from './frames.ts'
import { sentError } from './remote-error.ts'

/** Answers what the other end asks: a value, a promise, or for `channel.stream()` an iterable of them. */
export type RequestHandler<In> = (value: In) => unknown

/** One that is being answered. */
interface Answering {
  task: Task | undefined
  credit: number
  waiter: Waiter<void> | undefined
}

export class Answers<In> {
  readonly #link: FrameLink
  readonly #group: TaskGroup
  readonly #handler: RequestHandler<In> | undefined
  readonly #most: number
  readonly #running = new Map<number, Answering>()

  constructor(
    link: FrameLink,
    group: TaskGroup,
    handler: RequestHandler<In> | undefined,
    most: number,
  ) {
    this.#link = link
    this.#group = group
    this.#handler = handler
    this.#most = most
  }

  get size(): number {
    return this.#running.size
  }

  asked([kind, id, value]: Frame): void {
    const handler = this.#handler
    if (handler === undefined || this.#running.size >= this.#most) {
      const [code, why] =
        handler === undefined
          ? ['SPOOL_USAGE', 'nobody answers requests there']
          : ['SPOOL_BUSY', `it works on ${this.#most} requests already`]
      this.#link.writeSoon([FrameKind.failure, id, { name: 'Error', message: why, code }])
      return
    }
    const many = kind === FrameKind.streamRequest
    const asked = value as { value: In; credit: number }
    const answering: Answering = {
      task: undefined,
      credit: many ? asked.credit : 0,
      waiter: undefined,
    }
    this.#running.set(id, answering)
    answering.task = this.#group.spawn(
      async () => {
        try {
          if (many) await this.#answerMany(id, answering, handler(asked.value))
          else await this.#link.write([FrameKind.result, id, await handler(value as In)])
        } catch (error) {
          if (currentScope().cancelled && isCancellation(error)) throw error
          await this.#link.write([FrameKind.failure, id, sentError(error)]).catch(unlessClosed)
        } finally {
          this.#running.delete(id)
        }
      },
      { name: `request ${id}` },
    )
  }

  /** The asker does not want it any more. */
  cancelled(id: number): void {
    this.#running.get(id)?.task?.cancel('the other end does not want the answer any more')
  }

  credited(id: number, credit: number): void {
    const answering = this.#running.get(id)
    if (answering === undefined) return
    answering.credit += credit
    answering.waiter?.resolve()
  }

  async #answerMany(id: number, answering: Answering, answers: unknown): Promise<void> {
    const iterable = (await answers) as AsyncIterable<unknown> | Iterable<unknown>
    for await (const answer of iterable) {
      while (answering.credit === 0) {
        answering.waiter = new Waiter<void>(undefined, undefined, 'the other end to take more')
        await answering.waiter.promise
      }
      answering.credit--
      await this.#link.write([FrameKind.item, id, answer])
    }
    await this.#link.write([FrameKind.end, id])
  }
}

// The channel was closed meanwhile: nobody is there to hear of it.
function unlessClosed(error: unknown): void {
  if (!SpoolError.hasCode(error, 'SPOOL_CLOSED')) throw error
}
