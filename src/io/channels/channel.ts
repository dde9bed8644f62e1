/**
 * Messages between two programs, both ways over one stream.
 *
 * One task reads: it hands answers to who waits for them, starts tasks for what is asked, and puts messages into a
 * bounded queue. While that is full it does not read on, which slows the other end down.
 */
import { BrokenResourceError, ClosedResourceError } from '../../concurrency/errors.ts'
import { Queue } from '../../concurrency/queues/queue.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import type { Task } from '../../concurrency/tasks/task.ts'
import { TaskGroup } from '../../concurrency/tasks/task-group.ts'
import { checkFunction, show } from '../../concurrency/scope/arguments.ts'
import { SpoolError } from '../../util/error.ts'
import type { Names } from '../../util/known-names.ts'
import { ByteStream } from '../streams/byte-stream.ts'
import { checkSize } from '../streams/check-size.ts'
import { Answers, type RequestHandler } from './answers.ts'
import { FrameLink } from './frame-link.ts'
import { type Frame, FrameKind } from './frames.ts'
import { Questions } from './questions.ts'

export interface ChannelOptions<In = unknown> {
  /** Answers `request()` and `stream()` of the other end. Default: they are refused. */
  onRequest?: RequestHandler<In>
  /** The most bytes of one message, as it is sent. Default 16 MiB. */
  maxMessageSize?: number
  /** How many messages that nobody has received yet are kept. Default 1,000. */
  maxQueue?: number
  /** How many requests of the other end are worked on at once; more are refused. Default 1,000. */
  maxRequests?: number
}

export const channelNames: Names<ChannelOptions> = {
  onRequest: true,
  maxMessageSize: true,
  maxQueue: true,
  maxRequests: true,
}

/** What `channel.statistics()` returns. */
export interface ChannelStatistics {
  /** Messages that came and were not received yet. */
  readonly queued: number
  /** Requests of ours that are not answered yet. */
  readonly asking: number
  /** Requests of the other end that are being worked on. */
  readonly answering: number
}

const defaultMessageSize = 16_777_216

/**
 * Typed messages over a stream: whatever structured clone takes, maps, dates and typed arrays too. `Out` is what
 * is sent, `In` what is received. The other end is trusted as this program is.
 *
 * ```ts
 * const [one, other] = memoryPair()
 * await using client = new Channel<number>(new ByteStream(one))
 * await using server = new Channel(new ByteStream(other), {
 *   onRequest: (value) => (value as number) * 2,
 * })
 * console.log(await client.request(21)) // → 42
 * ```
 */
export class Channel<Out = unknown, In = Out> implements AsyncIterable<In>, AsyncDisposable {
  readonly #link: FrameLink
  readonly #group: TaskGroup
  readonly #messages: Queue<In>
  readonly #questions: Questions
  readonly #answers: Answers<In>
  /** What using it throws, once it is over. */
  #failure: Error | undefined = undefined
  #saidGoodbye = false
  #closing: Promise<void> | undefined = undefined

  /** Takes the stream over. It belongs to the scope that makes it: it is closed with it. */
  constructor(stream: ByteStream, options: ChannelOptions<In> = {}) {
    if (!(stream instanceof ByteStream)) {
      throw new TypeError(`Cannot make a channel: expected a ByteStream, got ${show(stream)}`)
    }
    const { onRequest, maxMessageSize = defaultMessageSize } = options
    if (onRequest !== undefined) checkFunction('answer requests', onRequest)
    const { maxQueue = 1000, maxRequests = 1000 } = options
    checkSize('maxMessageSize', maxMessageSize, 1)
    if (!(maxQueue >= 1)) throw new RangeError(`Invalid maxQueue ${maxQueue}: expected 1 or more`)
    this.#link = new FrameLink(stream, maxMessageSize)
    this.#group = new TaskGroup({ name: 'channel' })
    this.#messages = new Queue({ capacity: maxQueue })
    this.#questions = new Questions(this.#link)
    this.#answers = new Answers(this.#link, this.#group, onRequest, maxRequests)
    this.#group.spawn(() => this.#pump(), { name: 'channel reader' })
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  statistics(): ChannelStatistics {
    return {
      queued: this.#messages.size,
      asking: this.#questions.size,
      answering: this.#answers.size,
    }
  }

  /**
   * Sends a message, and waits while the other end takes less than is sent.
   *
   * Cancellation: if the scope was cancelled before, nothing is sent; if it is cancelled while this waits, the
   * message is on its way.
   *
   * @throws BrokenResourceError if the other end is gone
   * @throws LimitExceededError if it is larger than `maxMessageSize`
   */
  async send(message: Out): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    await this.#link.write([FrameKind.message, 0, message])
  }

  /**
   * The next message.
   *
   * Cancellation: nothing was taken.
   *
   * @throws BrokenResourceError if the other end closed the channel, or is gone
   * @throws ClosedResourceError after `close()`
   */
  async receive(): Promise<In> {
    try {
      return await this.#messages.get()
    } catch (error) {
      if (!SpoolError.hasCode(error, 'SPOOL_CLOSED')) throw error
      throw this.#failure ?? error
    }
  }

  /** The messages until the other end closes the channel. Throws BrokenResourceError if it is gone without that. */
  async *[Symbol.asyncIterator](): AsyncGenerator<In, void> {
    for await (const message of this.#messages) yield message
    if (this.#failure !== undefined && !this.#saidGoodbye && !this.closed) throw this.#failure
  }

  /**
   * Asks the other end, and waits for its answer.
   *
   * Cancellation: the other end stops to work on it.
   *
   * @throws RemoteError what the other end threw
   * @throws BrokenResourceError if the other end is gone
   */
  async request<R = unknown>(value: Out): Promise<R> {
    return (await this.#questions.ask(value)) as R
  }

  /**
   * Asks the other end for many answers. It makes no more of them than are taken, but for a few on their way.
   *
   * Cancellation: the other end stops to work on it; so it does when the loop is left.
   *
   * @throws as `request()`
   */
  stream<R = unknown>(value: Out): AsyncGenerator<R, void> {
    return this.#questions.askForMany(value) as AsyncGenerator<R, void>
  }

  /**
   * Says goodbye and closes the stream. What runs for the other end is cancelled. Calling it again joins in.
   *
   * A request handler may close its own channel: it is cancelled as the others are, and waits for these.
   *
   * Cancellation: is never thrown.
   */
  close(): Promise<void> {
    const own = this.#group.taskAround
    if (own !== undefined) return this.#closeInside(own)
    return (this.#closing ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#link.writeSoon([FrameKind.goodbye, 0])
    this.#end(new ClosedResourceError('Cannot use the channel: it is closed'))
    this.#group.cancel('the channel is closed')
    await this.#link.stream.close()
    await this.#group.close()
  }

  async #closeInside(own: Task): Promise<void> {
    this.#closing ??= outsideScopes(() => this.#close())
    await this.#group.othersOver(own)
  }

  async #pump(): Promise<void> {
    try {
      for (let frame = await this.#link.read(); ; frame = await this.#link.read()) {
        if (frame === undefined) throw gone()
        if (frame[0] === FrameKind.goodbye) break
        await this.#handle(frame)
      }
      this.#saidGoodbye = true
      this.#end(new BrokenResourceError('The other end has closed the channel'))
    } catch (error) {
      this.#end(SpoolError.hasCode(error, 'SPOOL_BROKEN') ? error : gone(error))
    } finally {
      // What was asked for by somebody who is gone is not wanted any more.
      this.#group.cancel('the other end is gone')
      this.#link.stream.abort()
    }
  }

  async #handle(frame: Frame): Promise<void> {
    const [kind, id, value] = frame
    if (kind === FrameKind.message) await this.#messages.put(value as In)
    else if (kind === FrameKind.request || kind === FrameKind.streamRequest)
      this.#answers.asked(frame)
    else if (kind === FrameKind.cancel) this.#answers.cancelled(id)
    else if (kind === FrameKind.credit) this.#answers.credited(id, value as number)
    else this.#questions.answered(frame)
  }

  #end(failure: Error): void {
    this.#failure ??= failure
    this.#questions.fail(this.#failure)
    this.#messages.close()
  }
}

function gone(cause?: unknown): Error {
  const options = cause === undefined ? {} : { cause }
  return new BrokenResourceError('The other end of the channel is gone', options)
}
