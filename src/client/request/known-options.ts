/** The names of options of sessions and requests, which are looked at where there are options at all. */
import { checkNames, type Names } from '../../util/known-names.ts'
import type { ClientSessionOptions } from '../session-options.ts'
import type { RequestOptions, SharedOptions } from './request-options.ts'

const shared: Names<SharedOptions> = {
  timeout: true,
  redirect: true,
  maxRedirects: true,
  allowInsecureRedirect: true,
  secretHeaders: true,
  decompress: true,
  maxResponseSize: true,
  raiseForStatus: true,
  expectContinue: true,
  tls: true,
  proxy: true,
}

const ofRequests: Names<RequestOptions> = {
  ...shared,
  auth: true,
  headers: true,
  cookies: true,
  query: true,
  body: true,
  json: true,
  form: true,
  compress: true,
  onUploadProgress: true,
  onDownloadProgress: true,
  signal: true,
  upgrade: true,
  endless: true,
}

const ofSessions: Names<ClientSessionOptions> = {
  ...shared,
  baseUrl: true,
  headers: true,
  auth: true,
  limit: true,
  limitPerHost: true,
  maxWaiting: true,
  keepAlive: true,
  cookies: true,
  maxConnectionAge: true,
  maxConnectionRequests: true,
  middleware: true,
  transport: true,
  socketPath: true,
  localAddress: true,
  mounts: true,
  tcpKeepAlive: true,
  resolver: true,
  dns: true,
  family: true,
  guard: true,
}

/** Throws TypeError for an option that requests do not have. */
export function checkRequestOptions(options: RequestOptions): void {
  checkNames(options, ofRequests, 'a request')
}

/** Throws TypeError for an option that sessions do not have. */
export function checkSessionOptions(options: ClientSessionOptions): void {
  checkNames(options, ofSessions, 'a session')
}
