/** A response as a stream of events. */
import { parseContentType } from '../../http/content-type.ts'
import type { HeaderFields } from '../../http/header-fields.ts'
import { ProtocolError } from '../../wire/errors.ts'
import { EventParser, type ServerSentEvent } from './event-parser.ts'

/** What is looked at of a response. */
export interface EventSourceResponse {
  readonly method: string
  readonly url: string
  readonly headers: HeaderFields
  readonly body: AsyncIterable<Uint8Array>
}

// What fits in a hand of messages; what is larger is a file.
export const defaultEventSize: number = 2 ** 20

/** The events of one response, whatever its status. */
export async function* eventsOf(
  response: EventSourceResponse,
  limit: number = defaultEventSize,
): AsyncGenerator<ServerSentEvent, void> {
  checkEventStream(response)
  const parser = new EventParser(limit)
  for await (const chunk of response.body) yield* parser.feed(chunk)
}

/** Throws ProtocolError if it is no stream of events. */
export function checkEventStream({ method, url, headers }: EventSourceResponse): void {
  const given = headers.get('content-type')
  if (parseContentType(given)?.type === 'text/event-stream') return
  throw new ProtocolError(
    'remote',
    `${method} ${url} failed: expected text/event-stream, but the response is ${given ?? 'of no type'}`,
    { statusHint: 502 },
  )
}
