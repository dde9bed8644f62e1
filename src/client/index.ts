export type { HeaderFields, HeadersInput } from '../http/header-fields.ts'
export type { IncomingBody } from '../http/incoming-body.ts'
export { Multipart, type PartOptions } from '../http/multipart.ts'
export type { ContentCoding } from '../http/compressed-chunks.ts'
export type { Middleware, Next } from '../http/middleware.ts'
export type { ChunkTrace, RedirectTrace, RequestTrace } from '../http/tracing/request-channels.ts'
export type {
  ConnectionPhaseTrace,
  ConnectionReuseTrace,
  ConnectionTrace,
  DNSTrace,
  PoolTrace,
} from '../http/tracing/connection-channels.ts'
export { type BodyInput, outgoingBody, type OutgoingBody } from '../http/outgoing-body.ts'
export { type ConnectAttempt, ConnectError, type ConnectPhase } from '../io/errors.ts'
export type { TLSFailure } from '../io/errors.ts'
export type { CachingResolverOptions, ResolverStatistics } from '../io/caching-resolver.ts'
export type { Resolver } from '../io/resolver.ts'
export type { TLSOptions } from '../io/transport.ts'
export { ProtocolError } from '../wire/errors.ts'
export type { BasicCredentials, BearerToken, Credentials } from './auth/credentials.ts'
export type { CookieValues } from './cookies/cookie-header.ts'
export { CookieJar, type CookieJarOptions } from './cookies/cookie-jar.ts'
export type { StoredCookie } from './cookies/stored-cookie.ts'
export { AddressRefusedError, RedirectError, ResponseError, TransferError } from './errors.ts'
export type { GuardOptions, GuardSetting } from './connection/guard/address-guard.ts'
export type {
  ConnectTarget,
  DNSOptions,
  MountOptions,
  NetworkOptions,
} from './connection/network-options.ts'
export type { OpeningTimes } from './connection/opening-times.ts'
export type { ProxyOptions, ProxySetting } from './connection/proxy/proxy-server.ts'
export type { Download, DownloadOptions } from './download/download.ts'
export type { ServerSentEvent } from './events/event-parser.ts'
export type { EventsOptions } from './events/server-events.ts'
export type { Fetch } from './fetch/session-fetch.ts'
export { digestAuth, type DigestAuthOptions } from './middleware/digest-auth.ts'
export { log, type RequestLog } from './middleware/log.ts'
export { netrcAuth } from './middleware/netrc-auth.ts'
export { rateLimit, type RateLimitOptions } from './middleware/rate-limit.ts'
export { type RequestRetryOptions, retry, type RetryEvent } from './middleware/retry.ts'
export type { PoolStatistics } from './pool/pool.ts'
export type { ClientRequest } from './request/client-request.ts'
export type {
  RedirectMode,
  RequestOptions,
  RequestSettings,
  SharedOptions,
} from './request/request-options.ts'
export type { TransferProgress } from './request/upload-progress.ts'
export type { ClientResponse, RedirectStep, ResponseTimings } from './response/client-response.ts'
export type { BodyReader } from './response/body-reader.ts'
export { makeResponse, type MadeResponseOptions } from './response/made-response.ts'
export type { Link } from './response/links.ts'
export type { ResponsePromise } from './response/response-promise.ts'
export { ClientSession, type ClientSessionStatistics } from './session.ts'
export type { SessionCloseOptions } from './session-end.ts'
export type {
  ClientMiddleware,
  ClientSessionOptions,
  SessionLimits,
  TransportOpener,
} from './session-options.ts'
export type { TimeoutOptions } from './timeouts.ts'
export type { QueryInput, QueryValue } from './url/query.ts'
export type { ReconnectingOptions, ReconnectOptions } from './websocket/reconnecting.ts'
export type { WebSocketRequestOptions } from './websocket/websocket-request.ts'
export {
  ConnectionClosedError,
  type ConnectionClosedOptions,
} from '../http/websocket/connection-closed-error.ts'
export type { WebSocketMessage } from '../http/websocket/inbox.ts'
export type { WebSocketData } from '../http/websocket/outgoing-message.ts'
export type {
  WebSocketConnection,
  WebSocketStatistics,
} from '../http/websocket/websocket-connection.ts'
export type {
  MessageCompressionOptions,
  WebSocketOptions,
} from '../http/websocket/websocket-options.ts'
