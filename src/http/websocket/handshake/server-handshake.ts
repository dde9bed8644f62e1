/** What a server makes of a request for a WebSocket (RFC 6455 §4.2), without sending anything. */
import { show } from '../../../concurrency/scope/arguments.ts'
import { isToken } from '../../../wire/http1/grammar.ts'
import { parseExtensions, parseNames } from '../../../wire/websocket/handshake-lists.ts'
import type { DeflateAgreement } from '../framing/message-deflate.ts'
import type { CompressionSettings } from '../websocket-options.ts'
import { acceptOf, isKey } from './accept-key.ts'
import { acceptDeflate, deflatesOf } from './deflate-negotiation.ts'

/** What of the request counts. */
export interface HandshakeRequest {
  readonly method: string
  /** The `Upgrade` that `Connection` names, too; see `RequestHead`. */
  readonly upgrade: string | undefined
  /** The host that the request is for, with its port if that was sent. */
  readonly host: string | undefined
  readonly hasBody: boolean
  /** All values of a field, in order. */
  getAll(name: string): string[]
}

/** Whether pages of another origin may open a WebSocket here; `same`: none may. */
export type OriginPolicy = 'same' | 'any' | readonly string[]

export interface HandshakeTerms {
  readonly origins: OriginPolicy
  readonly subprotocols: readonly string[]
  readonly compression: CompressionSettings | undefined
}

/** The answer that refuses. */
export interface HandshakeRefusal {
  readonly status: number
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
}

/** What the 101 says besides `Upgrade` and `Connection`, and what was agreed on. */
export interface HandshakeAgreement {
  readonly headers: Readonly<Record<string, string>>
  readonly subprotocol: string | undefined
  readonly deflate: DeflateAgreement | undefined
}

const version = '13'

/** Refuses by a `status`, or agrees by `headers` alone. */
export function acceptHandshake(
  request: HandshakeRequest,
  terms: HandshakeTerms,
): HandshakeRefusal | HandshakeAgreement {
  const refusal = refuse(request, terms)
  if (refusal !== undefined) return refusal
  const headers: Record<string, string> = {
    'sec-websocket-accept': acceptOf(request.getAll('sec-websocket-key')[0] as string),
  }
  let subprotocol: string | undefined
  const offered = request.getAll('sec-websocket-protocol').join(', ')
  if (offered !== '') {
    const names = parseNames(offered)
    if (names === undefined) return malformed('Sec-WebSocket-Protocol is not a list of names')
    // The client's order is its preference.
    subprotocol = names.find((name) => terms.subprotocols.includes(name))
    if (subprotocol !== undefined) headers['sec-websocket-protocol'] = subprotocol
  }
  let deflate: DeflateAgreement | undefined
  const extensions = request.getAll('sec-websocket-extensions').join(', ')
  if (extensions !== '') {
    const offers = parseExtensions(extensions)
    if (offers === undefined) return malformed('Sec-WebSocket-Extensions is not a list of offers')
    if (terms.compression !== undefined) {
      const accepted = acceptDeflate(deflatesOf(offers), terms.compression)
      deflate = accepted?.agreement
      if (accepted !== undefined) headers['sec-websocket-extensions'] = accepted.header
    }
  }
  return { headers, subprotocol, deflate }
}

const upgradeRequired: HandshakeRefusal = {
  status: 426,
  message: 'Only a WebSocket can be opened here',
  headers: { upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-version': version },
}

function protocolsIn(upgrade: string | undefined): string[] {
  return (upgrade ?? '').toLowerCase().split(/\s*,\s*/)
}

function refuse(request: HandshakeRequest, terms: HandshakeTerms): HandshakeRefusal | undefined {
  // What GET without a handshake is told.
  if (request.method === 'HEAD' && request.upgrade === undefined) return upgradeRequired
  if (request.method !== 'GET') {
    return {
      status: 405,
      message: 'A WebSocket is opened by GET',
      headers: { allow: 'GET' },
    }
  }
  if (!protocolsIn(request.upgrade).includes('websocket')) {
    const said = request.getAll('upgrade')
    // Who says it in one of two places meant it, and got it wrong; who does not, came by accident.
    if (said.some((value) => protocolsIn(value).includes('websocket'))) {
      return malformed('Connection does not name Upgrade, or the version is not HTTP/1.1')
    }
    return said.some((value) => /websocket/i.test(value))
      ? malformed('Upgrade does not name "websocket"')
      : upgradeRequired
  }
  const versions = request.getAll('sec-websocket-version')
  if (versions.length !== 1) return malformed('Expected one Sec-WebSocket-Version')
  if (versions[0] !== version) {
    // RFC 6455 §4.4: told which one there is.
    return {
      status: 426,
      message: `The version of WebSocket spoken here is ${version}`,
      headers: { upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-version': version },
    }
  }
  const keys = request.getAll('sec-websocket-key')
  if (keys.length !== 1 || !isKey(keys[0] as string)) {
    return malformed('Expected one Sec-WebSocket-Key of 16 bytes in base64')
  }
  if (request.hasBody) return malformed('The request has a body')
  const origins = request.getAll('origin')
  if (origins.length > 1) return malformed('Expected one Origin at most')
  const [origin] = origins
  if (origin === undefined || isAllowed(origin, request.host, terms.origins)) return undefined
  return {
    status: 403,
    message: 'Pages of this origin may not open a WebSocket here',
    headers: {},
  }
}

// RFC 6455 §10.2. Browsers send the origin of the page and let any page ask: it is for the server to say
// no. Behind a proxy that ends TLS the scheme differs, so the authority decides.
function isAllowed(origin: string, host: string | undefined, policy: OriginPolicy): boolean {
  if (policy === 'any') return true
  if (policy !== 'same') return policy.includes(origin) || policy.includes(origin.toLowerCase())
  const own = authority(`http://${host}`)
  return own !== undefined && [own, authority(`https://${host}`)].includes(authority(origin))
}

/** Host and port, the port left out where it is the scheme's own. */
function authority(url: string): string | undefined {
  const parsed = URL.parse(url)
  return parsed === null || parsed.host === '' ? undefined : parsed.host
}

function malformed(message: string): HandshakeRefusal {
  return { status: 400, message, headers: {} }
}

/** @throws TypeError for what is no list, a name that is no token, or one that is there twice */
export function checkSubprotocols(names: readonly string[]): readonly string[] {
  if (!Array.isArray(names)) {
    throw new TypeError(`Invalid "subprotocols" ${show(names)}: expected a list of names`)
  }
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string' || !isToken(name)) {
      throw new TypeError(`Invalid subprotocol ${JSON.stringify(name)}: expected a token`)
    }
    if (names.indexOf(name) !== index) throw new TypeError(`Subprotocol "${name}" is given twice`)
  }
  return [...names]
}
