import type { HeaderFields } from '../../http/header-fields.ts'
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import type { RequestSettings } from './request-options.ts'

/**
 * One request as middlewares see it, and may change it before they pass it on. A redirect that is
 * followed is another one.
 */
export interface ClientRequest {
  method: string
  /** Absolute, as it was written. */
  url: string
  /** All that is sent, but for `Host` and what says how long the body is. */
  headers: HeaderFields
  /** `outgoingBody()` makes one; one that is not `replayable` can be passed on once. */
  body: OutgoingBody | undefined
  settings: RequestSettings
}
