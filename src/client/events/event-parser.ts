/**
 * Reads `text/event-stream` (HTML standard, §9.2.6 "Interpreting an event stream"). It is fed bytes in
 * whatever pieces they come and gives the events that they complete.
 */
import { SpoolError } from '../../util/error.ts'

/** One event. */
export interface ServerSentEvent {
  /** What `event` said; `message` if it said nothing. */
  readonly type: string
  /** The lines of `data`, joined by LF. */
  readonly data: string
  /** The last `id` that there was, in this event or before it; empty if there was none. */
  readonly id: string
}

export class EventParser {
  /** The `id` that a new connection begins after. */
  lastEventId: string
  /** What `retry` said last, in milliseconds. */
  retry: number | undefined = undefined
  readonly #limit: number
  // Leaves out a byte order mark at the beginning, and puts U+FFFD for what is no UTF-8.
  readonly #decoder = new TextDecoder()
  #rest = ''
  // The last piece ended in CR: an LF that comes next belongs to it.
  #afterCR = false
  #id: string
  #type = ''
  #data: string[] = []
  #size = 0

  /** `limit`: characters that one event may have, all its lines together. */
  constructor(limit: number, lastEventId: string = '') {
    this.#limit = limit
    this.lastEventId = this.#id = lastEventId
  }

  /**
   * The events that these bytes complete.
   *
   * @throws SpoolError with the code `SPOOL_BODY_TOO_LARGE` for an event above the limit
   */
  feed(bytes: Uint8Array): ServerSentEvent[] {
    let text = this.#decoder.decode(bytes, { stream: true })
    if (text === '') return []
    if (this.#afterCR && text.startsWith('\n')) text = text.slice(1)
    this.#afterCR = text === '' ? false : text.endsWith('\r')
    const events: ServerSentEvent[] = []
    let from = 0
    const lineEnd = /\r\n?|\n/g
    for (let found = lineEnd.exec(text); found !== null; found = lineEnd.exec(text)) {
      const line = this.#rest + text.slice(from, found.index)
      this.#rest = ''
      from = lineEnd.lastIndex
      if (line === '') this.#dispatch(events)
      else this.#line(line)
    }
    this.#rest += text.slice(from)
    this.#check(this.#rest.length)
    return events
  }

  #line(line: string): void {
    this.#size += line.length
    this.#check(0)
    const colon = line.indexOf(':')
    // A comment.
    if (colon === 0) return
    const name = colon < 0 ? line : line.slice(0, colon)
    let value = colon < 0 ? '' : line.slice(colon + 1)
    if (value.startsWith(' ')) value = value.slice(1)
    if (name === 'data') this.#data.push(value)
    else if (name === 'event') this.#type = value
    else if (name === 'id') {
      if (!value.includes('\0')) this.#id = value
    } else if (name === 'retry' && /^\d{1,12}$/.test(value)) this.retry = Number(value)
  }

  #dispatch(events: ServerSentEvent[]): void {
    this.lastEventId = this.#id
    if (this.#data.length > 0) {
      const data = this.#data.join('\n')
      events.push({ type: this.#type === '' ? 'message' : this.#type, data, id: this.#id })
    }
    this.#data = []
    this.#type = ''
    this.#size = 0
  }

  #check(more: number): void {
    if (this.#size + more <= this.#limit) return
    throw new SpoolError(
      'SPOOL_BODY_TOO_LARGE',
      `Refused an event of more than ${this.#limit} characters, which is the limit`,
    )
  }
}
