import type { ServerMiddleware } from '../routing/route.ts'
import { aFieldValue, checkSettings, either, oneOf, optional } from '../option-checks.ts'

/** The value of each field, or false to leave it out. */
export interface SecurityHeadersOptions {
  /** Default: content, styles and scripts of the own origin only, no plug-ins, no frames elsewhere. */
  contentSecurityPolicy?: string | false
  /** Only sent over TLS. Default: one year, subdomains too. */
  strictTransportSecurity?: string | false
  /** Default `nosniff`. */
  contentTypeOptions?: string | false
  /** For browsers that know no `frame-ancestors`. Default `SAMEORIGIN`. */
  frameOptions?: string | false
  /** Default `no-referrer`. */
  referrerPolicy?: string | false
  /** Default `same-origin`. */
  crossOriginOpenerPolicy?: string | false
  /** Default `same-origin`. */
  crossOriginResourcePolicy?: string | false
  /** Default: none, since it keeps out what others have not agreed to. */
  crossOriginEmbedderPolicy?: string | false
  /** Default: none. */
  permissionsPolicy?: string | false
}

type Name = keyof SecurityHeadersOptions

const fields: Readonly<Record<Name, readonly [name: string, value: string | false]>> = {
  contentSecurityPolicy: [
    'content-security-policy',
    "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'",
  ],
  strictTransportSecurity: ['strict-transport-security', 'max-age=31536000; includeSubDomains'],
  contentTypeOptions: ['x-content-type-options', 'nosniff'],
  frameOptions: ['x-frame-options', 'SAMEORIGIN'],
  referrerPolicy: ['referrer-policy', 'no-referrer'],
  crossOriginOpenerPolicy: ['cross-origin-opener-policy', 'same-origin'],
  crossOriginResourcePolicy: ['cross-origin-resource-policy', 'same-origin'],
  crossOriginEmbedderPolicy: ['cross-origin-embedder-policy', false],
  permissionsPolicy: ['permissions-policy', false],
}

const aValue = optional(either('a value, or false', aFieldValue, oneOf(false)))
const checks = Object.fromEntries(Object.keys(fields).map((name) => [name, aValue]))

/**
 * Tells browsers to be careful. What a handler has set itself stays.
 *
 * Throws TypeError for an option that there is not, and for a value that can't be sent.
 *
 * @example
 * ```ts
 * const app = new Application()
 *   .use(securityHeaders({ contentSecurityPolicy: "default-src 'none'" }))
 *   .get('/', () => text('Hello'))
 * const { headers } = await app.fetch(new Request('https://localhost/'))
 * console.log(headers.get('content-security-policy')) // default-src 'none'
 * console.log(headers.get('strict-transport-security')) // max-age=31536000; includeSubDomains
 * ```
 */
export function securityHeaders(options: SecurityHeadersOptions = {}): ServerMiddleware {
  checkSettings('securityHeaders()', options, checks)
  const always: [string, string][] = []
  const secureOnly: [string, string][] = []
  for (const name of Object.keys(fields) as Name[]) {
    const [field, standard] = fields[name]
    const value = options[name] ?? standard
    if (value === false) continue
    // RFC 6797 §7.2: not to be sent without TLS, and not to be listened to.
    ;(name === 'strictTransportSecurity' ? secureOnly : always).push([field, value])
  }
  return (request, next) => {
    request.onResponse(({ headers }) => {
      for (const [name, value] of always) if (!headers.has(name)) headers.append(name, value)
      if (!request.origin.secure) return
      for (const [name, value] of secureOnly) if (!headers.has(name)) headers.append(name, value)
    })
    return next(request)
  }
}
