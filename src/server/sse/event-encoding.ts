/** Server-sent events as text (HTML Standard §9.2.6). */

/** One event. At least one of `data`, `id`, `event`, `retry` and `comment`. */
export interface ServerSentEvent {
  /** What `event.data` is on the other side; anything but a string is sent as JSON. */
  data?: unknown
  /** The name that `addEventListener()` takes. Default: `message`. */
  event?: string
  /** What the client sends as `Last-Event-ID` when it connects anew. */
  id?: string
  /** How long clients wait before they do, in milliseconds. */
  retry?: number
  /** For whoever looks at the connection: clients don't see it. */
  comment?: string
}

// Each of these ends a line.
const lineEnd = /\r\n|\n|\r/

/**
 * Writes an event. Data may have several lines; nothing in it can begin a field or end the event.
 *
 * Throws TypeError for a name or an id that can't be sent, for data that JSON can't say, and for an
 * event that has nothing; RangeError for a `retry` that is no whole number.
 */
export function encodeEvent(given: ServerSentEvent | string): string {
  if (typeof given === 'string') return `${lines('data', given)}\n`
  const { data, event, id, retry, comment } = given
  let text = ''
  if (comment !== undefined) text += lines('', comment)
  if (event !== undefined) text += `event: ${oneLine('name', event)}\n`
  if (id !== undefined) text += `id: ${oneLine('id', id)}\n`
  if (retry !== undefined) {
    if (!(Number.isSafeInteger(retry) && retry >= 0)) {
      throw new RangeError(`Invalid retry of ${retry} ms: expected a whole number, 0 or more`)
    }
    text += `retry: ${retry}\n`
  }
  if (data !== undefined) text += lines('data', typeof data === 'string' ? data : asJSON(data))
  if (text === '') throw new TypeError('Cannot send an event that has nothing in it')
  return `${text}\n`
}

function lines(field: string, text: string): string {
  let out = ''
  for (const line of text.split(lineEnd)) out += `${field}: ${line}\n`
  return out
}

function oneLine(what: string, text: string): string {
  // An id with a NUL would be ignored.
  if (!/[\r\n\0]/.test(text)) return text
  throw new TypeError(
    `Invalid ${what} ${JSON.stringify(text)} of an event: expected no line ends and no NUL`,
  )
}

function asJSON(data: unknown): string {
  const text = JSON.stringify(data) as string | undefined
  if (text !== undefined) return text
  throw new TypeError(`Cannot send ${typeof data} as an event: expected a value that JSON can say`)
}
