export type { BodyInput } from '../http/outgoing-body.ts'
export type { HeaderFields, HeadersInput } from '../http/header-fields.ts'
export type { IncomingBody } from '../http/incoming-body.ts'
export type { Middleware, Next } from '../http/middleware.ts'
export type { CertificateFiles, ServerTLSFiles } from '../io/tls-files.ts'
export type { ServerCertificate, ServerTLSOptions } from '../io/transport.ts'
export {
  Application,
  type ApplicationOptions,
  type Lifespan,
  type URLForOptions,
} from './application.ts'
export type { MountOptions, RouteInfo } from './application-tree.ts'
export type { HandlerResult } from './connection/destination.ts'
export type { EndHook, RequestEnd, ResponseHook } from './messages/request-hooks.ts'
export type { CookieOptions } from '../http/fields/set-cookie.ts'
export type { ResourceState } from '../http/fields/preconditions.ts'
export { currentRequest } from './messages/current-request.ts'
export type { Form } from './messages/form/form.ts'
export type { MultipartLimits, Part } from './messages/form/multipart.ts'
export type { UploadedFile } from './messages/form/uploaded-file.ts'
export { Fields, type NumberFieldOptions } from './messages/fields.ts'
export { HTTPError, type HTTPErrorOptions, type ProblemDetails } from './messages/http-error.ts'
export { type Key, key } from './messages/key.ts'
export {
  bytes,
  empty,
  html,
  json,
  redirect,
  type RedirectStatus,
  stream,
  text,
} from './messages/responses.ts'
export {
  type SchemaIssue,
  type SchemaOutput,
  type SchemaResult,
  type StandardSchema,
  validate,
} from './messages/schema.ts'
export type { Params, ServerRequest } from './messages/server-request.ts'
export { ServerResponse, type ServerResponseOptions } from './messages/server-response.ts'
export {
  accessLog,
  type AccessLogEntry,
  type AccessLogger,
  type AccessLogOptions,
  type StructuredLogger,
} from './middleware/access-log.ts'
export {
  basicAuth,
  type BasicAuthOptions,
  basicUserKey,
  type PasswordCheck,
} from './middleware/basic-auth.ts'
export { bearerAuth, type BearerAuthOptions, type TokenCheck } from './middleware/bearer-auth.ts'
export { bodyLimit } from './middleware/body-limit.ts'
export { compression, type CompressionOptions } from './middleware/compression.ts'
export { cors, type CORSOptions } from './middleware/cors.ts'
export { etag, type ETagOptions } from './middleware/etag.ts'
export {
  type MeteredServer,
  metrics,
  type Metrics,
  type MetricsOptions,
} from './middleware/metrics.ts'
export { proxyHeaders, type ProxyHeadersOptions } from './middleware/proxy-headers.ts'
export { rateLimit, type RateLimitOptions } from './middleware/rate-limit.ts'
export {
  currentRequestId,
  requestId,
  requestIdKey,
  type RequestIdOptions,
} from './middleware/request-id.ts'
export { requestTimeout, type RequestTimeoutOptions } from './middleware/request-timeout.ts'
export { sameOrigin, type SameOriginOptions } from './middleware/same-origin.ts'
export { securityHeaders, type SecurityHeadersOptions } from './middleware/security-headers.ts'
export { shedLoad, type ShedLoadOptions } from './middleware/shed-load.ts'
export type { PathParams } from './routing/path-params.ts'
export type { TrailingSlash } from './routing/route-set.ts'
export type { QueryInput, URLParam } from './routing/route-url.ts'
export type { View, ViewClass } from './routing/view.ts'
export type { Handler, RouteOptions, ServerMiddleware } from './routing/route.ts'
export { file, type FileOptions } from './static/file.ts'
export { files, type FilesOptions } from './static/files.ts'
export { Session, session, type SessionOptions, sessions } from './middleware/session.ts'
export { serve } from './serve.ts'
export type { CloseOptions, Server, ServerStatistics } from './server.ts'
export type {
  ConnectionOptions,
  ErrorListener,
  ListenAddress,
  ServeOptions,
  ServerLimits,
  ServerTimeouts,
} from './server-options.ts'
export type { ServerSentEvent } from './sse/event-encoding.ts'
export { type EventSender, type EventSource, lastEventId, sse, type SSEOptions } from './sse/sse.ts'
export type { WebSocketHandler, WebSocketRouteOptions } from './websocket/websocket-route.ts'
export {
  ConnectionClosedError,
  type ConnectionClosedOptions,
} from '../http/websocket/connection-closed-error.ts'
export type { OriginPolicy } from '../http/websocket/handshake/server-handshake.ts'
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
export {
  type PublishOptions,
  Room,
  type RoomOptions,
  type RoomStatistics,
} from '../http/websocket/room/room.ts'
