/** The options of sessions and requests by their names and kinds, which are looked at where there are options at all. */
import { checkKinds, type Kinds } from '../../util/option-kinds.ts'
import type { ClientSessionOptions } from '../session-options.ts'
import type { RequestOptions, SharedOptions } from './request-options.ts'

const shared: Kinds<SharedOptions> = {
  timeout: 'any',
  redirect: 'any',
  maxRedirects: 'any',
  allowInsecureRedirect: 'boolean',
  secretHeaders: 'any',
  decompress: 'boolean',
  maxResponseSize: 'any',
  raiseForStatus: 'boolean',
  expectContinue: 'any',
  tls: 'object',
  proxy: 'any',
}

const ofRequests: Kinds<RequestOptions> = {
  ...shared,
  auth: 'object',
  headers: 'any',
  cookies: 'any',
  query: 'any',
  body: 'any',
  json: 'any',
  form: 'any',
  compress: 'any',
  onUploadProgress: 'function',
  onDownloadProgress: 'function',
  signal: 'any',
  upgrade: 'any',
  endless: 'any',
}

const ofSessions: Kinds<ClientSessionOptions> = {
  ...shared,
  baseUrl: 'any',
  headers: 'any',
  auth: 'object',
  limit: 'any',
  limitPerHost: 'any',
  maxWaiting: 'any',
  keepAlive: 'any',
  cookies: 'any',
  maxConnectionAge: 'any',
  maxConnectionRequests: 'any',
  maxHeadSize: 'any',
  maxHeaderFields: 'any',
  middleware: 'any',
  transport: 'object',
  socketPath: 'name',
  localAddress: 'name',
  mounts: 'object',
  tcpKeepAlive: 'any',
  resolver: 'object',
  dns: 'object',
  family: 'any',
  guard: 'any',
}

// As aiohttp, httpx, axios and undici call them.
const elsewhere: Readonly<Record<string, string>> = {
  params: '"query"',
  searchParams: '"query"',
  data: '"body", "json" or "form"',
  allow_redirects: '"redirect"',
  followRedirects: '"redirect"',
  base_url: '"baseUrl"',
  prefixUrl: '"baseUrl"',
  verify: '"tls"',
  connector: '"limit", "tls", "proxy" or "mounts"',
  dispatcher: '"limit", "tls", "proxy" or "mounts"',
  agent: '"limit", "tls", "proxy" or "mounts"',
}

/** Throws TypeError for an option that requests do not have, or have of another kind. */
export function checkRequestOptions(options: RequestOptions): void {
  checkKinds(options, ofRequests, 'a request', elsewhere)
}

/** Throws TypeError for an option that sessions do not have, or have of another kind. */
export function checkSessionOptions(options: ClientSessionOptions): void {
  checkKinds(options, ofSessions, 'a session', elsewhere)
}
