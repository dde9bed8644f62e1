import type { OutgoingBody } from '../../http/outgoing-body.ts'
import type { ResponseHead } from '../../wire/http1/messages.ts'
import type { BodyCollector } from '../exchange/body-collector.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { ClientResponse } from '../response/client-response.ts'

/** Who is told what became of a call: one of `settle()`, `collecting()` and `fail()`, once. */
export interface CallPromise {
  /** What the whole body is gathered in, if it was asked for before the head came. */
  readonly collector: BodyCollector | undefined
  settle(response: ClientResponse): void
  /** The response is there, and its body goes to the collector. */
  collecting(exchange: Exchange, head: ResponseHead): void
  /** `body`: what was to be sent, begun or not. */
  fail(error: unknown, body?: OutgoingBody): void
}
