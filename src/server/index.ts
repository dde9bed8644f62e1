export type { BodyInput } from '../http/outgoing-body.ts'
export type { HeaderFields, HeadersInput } from '../http/header-fields.ts'
export type { IncomingBody } from '../http/incoming-body.ts'
export type { Middleware, Next } from '../http/middleware.ts'
export type { ServerTLSOptions } from '../io/transport.ts'
export { Application, type Lifespan } from './application.ts'
export type { HandlerResult } from './connection/destination.ts'
export type { EndHook, RequestEnd, ResponseHook } from './messages/request-hooks.ts'
export type { CookieOptions } from '../http/fields/set-cookie.ts'
export type { ResourceState } from '../http/fields/preconditions.ts'
export { currentRequest } from './messages/current-request.ts'
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
export type { PathParams } from './routing/path-params.ts'
export type { Handler, RouteOptions, ServerMiddleware } from './routing/route.ts'
export { serve } from './serve.ts'
export type { CloseOptions, Server, ServerStatistics } from './server.ts'
export type {
  ConnectionOptions,
  ErrorListener,
  ServeOptions,
  ServerLimits,
  ServerTimeouts,
} from './server-options.ts'
