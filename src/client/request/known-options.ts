/**
 * An option that nobody reads is a mistake that nobody sees: `timeOut: 100` would wait for five minutes.
 * So names are looked at, where there are options at all.
 */
import type { ClientSessionOptions } from '../session-options.ts'
import type { RequestOptions, SharedOptions } from './request-options.ts'

type Names<T> = Readonly<Record<keyof T, true>>

const shared: Names<SharedOptions> = {
  timeout: true,
  redirect: true,
  maxRedirects: true,
  allowInsecureRedirect: true,
  secretHeaders: true,
  decompress: true,
  maxResponseSize: true,
  raiseForStatus: true,
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
  onUploadProgress: true,
  signal: true,
  upgrade: true,
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

const requestNames: ReadonlySet<string> = new Set(Object.keys(ofRequests))
const sessionNames: ReadonlySet<string> = new Set(Object.keys(ofSessions))

/** Throws TypeError for an option that requests do not have. */
export function checkRequestOptions(options: RequestOptions): void {
  for (const name in options) {
    if (!requestNames.has(name)) throw unknown(name, 'a request', requestNames)
  }
}

/** Throws TypeError for an option that sessions do not have. */
export function checkSessionOptions(options: ClientSessionOptions): void {
  for (const name in options) {
    if (!sessionNames.has(name)) throw unknown(name, 'a session', sessionNames)
  }
}

function unknown(name: string, owner: string, names: ReadonlySet<string>): TypeError {
  const like = [...names].find((known) => known.toLowerCase() === name.toLowerCase())
  const hint = like === undefined ? '' : `, expected "${like}"`
  return new TypeError(`Cannot use ${JSON.stringify(name)} as an option of ${owner}${hint}`)
}
