import type { Next } from '../../http/middleware.ts'
import type { ClientHosts } from '../connection/client-hosts.ts'
import type { Connector } from '../connection/connector.ts'
import type { CookieJar } from '../cookies/cookie-jar.ts'
import type { ClientRequest } from '../request/client-request.ts'
import type { RequestHeads } from '../request/request-heads.ts'
import type { ClientResponse } from '../response/client-response.ts'
import type { URLReader } from '../url/request-url.ts'
import type { CallList } from './call-list.ts'
import type { Inspector } from './first-attempt.ts'

/** What the requests of a session have in common. */
export interface Sending {
  readonly urls: URLReader
  readonly heads: RequestHeads
  readonly hosts: ClientHosts
  readonly connector: Connector
  readonly calls: CallList
  /** Undefined if the session keeps none. */
  readonly cookies: CookieJar | undefined
  /** The middlewares, around what sends one request; undefined if there are none. */
  readonly middleware: Next<ClientRequest, ClientResponse> | undefined
  /** Says whether they have to run, if that is to be known from the answer alone. */
  readonly inspector: Inspector | undefined
}
