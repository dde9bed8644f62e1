/**
 * What a room has published and not written yet: to publish costs the same however many members there are.
 * Messages are numbered from the first that the room ever published, and each member knows which one it
 * gets next. So it does not matter here who has joined since, or was brought up to date before the others.
 */
import type { WebSocketLink } from '../websocket-link.ts'
import { type FrameRun, wholeRun } from './frame-run.ts'
import type { SharedMessage } from './shared-message.ts'

/** Who reads it. */
export interface LogReader {
  /** The number of the message that it gets next. */
  readonly next: number
  readonly link: WebSocketLink
  /** What frames it gets: those of one kind get the same. */
  readonly kind: string
}

export class RoomLog {
  /** The number of the first message. */
  base = 0
  /** What its messages count. */
  cost = 0
  #messages: SharedMessage[] = []
  // For each message, who does not get it.
  #excepts: (LogReader | undefined)[] = []
  // What was joined since the last message came, by kind and by the first message.
  readonly #runs = new Map<string, (FrameRun | undefined)[]>()

  /** The number of the message that is published next. */
  get end(): number {
    return this.base + this.#messages.length
  }

  get size(): number {
    return this.#messages.length
  }

  add(message: SharedMessage, except: LogReader | undefined): void {
    this.#messages.push(message)
    this.#excepts.push(except)
    this.cost += message.cost
    if (this.#runs.size > 0) this.#runs.clear()
  }

  /** All have got it. */
  clear(): void {
    this.base = this.end
    this.#messages = []
    this.#excepts = []
    this.cost = 0
    this.#runs.clear()
  }

  /** How many are not for one who has not come as far. */
  countLeftOut(): number {
    return this.#excepts.filter(
      (reader, at) => reader !== undefined && reader.next <= this.base + at,
    ).length
  }

  /** The messages from number `first` on that are for this reader. */
  messagesFor(reader: LogReader, first: number): SharedMessage[] {
    const from = first - this.base
    return this.#messages.filter((_, at) => at >= from && this.#excepts[at] !== reader)
  }

  /**
   * The messages from number `first` on, of which none may be without the reader, joined; undefined if it
   * has to frame one of them by itself.
   */
  run({ kind, link }: LogReader, first: number): FrameRun | undefined {
    const from = first - this.base
    let runs = this.#runs.get(kind)
    if (runs === undefined) this.#runs.set(kind, (runs = []))
    if (!(from in runs)) runs[from] = wholeRun(this.#messages.slice(from), link)
    return runs[from]
  }
}
