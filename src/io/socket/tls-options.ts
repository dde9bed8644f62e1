/** What TLS is asked for, in the words of Node.js. Certificates are parsed once for each options object. */
import { BlockList, isIP } from 'node:net'
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type PeerCertificate,
  type SecureContext,
  type TlsOptions,
} from 'node:tls'
import type { ServerTLSOptions, TLSOptions } from '../transport.ts'
import { checkKinds, type Kinds } from '../../util/option-kinds.ts'
import { pinsOf } from './tls-peer.ts'

const contexts = new WeakMap<TLSOptions, SecureContext>()

/**
 * The certificates, keys and versions of `options`, parsed. An options object must not be changed
 * after it was used once.
 *
 * @throws TypeError if they can't be parsed
 */
export function contextOf(options: TLSOptions): SecureContext {
  const found = contexts.get(options)
  if (found !== undefined) return found
  const context = parse(options)
  // Refuses what is no fingerprint.
  pinsOf(options)
  contexts.set(options, context)
  return context
}

function parse(options: TLSOptions): SecureContext {
  try {
    return createSecureContext(contextOptions(options))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new TypeError(`Reading the TLS options failed: ${reason}`, { cause: error })
  }
}

function contextOptions(options: TLSOptions) {
  const { ca, cert, key, passphrase, minVersion, ciphers } = options
  return {
    ...(ca === undefined ? {} : { ca: (Array.isArray(ca) ? ca : [ca]).map(asText) }),
    ...(cert === undefined ? {} : { cert: asText(cert) }),
    ...(key === undefined ? {} : { key: asText(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(ciphers === undefined ? {} : { ciphers }),
    minVersion: minVersion ?? ('TLSv1.2' as const),
  }
}

function asText(pem: string | Uint8Array): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem)
}

const clientKinds: Kinds<TLSOptions> = {
  servername: 'name',
  ca: 'any',
  cert: 'any',
  key: 'any',
  passphrase: 'text',
  alpn: 'list',
  rejectUnauthorized: 'boolean',
  fingerprint: 'any',
  minVersion: 'any',
  ciphers: 'name',
}

/** `options`, if they are those of a client. Throws TypeError for what it does not read. */
export function checkTLS(options: TLSOptions): TLSOptions {
  if (!contexts.has(options)) checkKinds(options, clientKinds, 'TLS')
  return options
}

/** As `contextOf()`, for a client: refuses what it does not read, too. */
export function clientContextOf(options: TLSOptions): SecureContext {
  return contextOf(checkTLS(options))
}

/** For the client side of a connection to `host`. */
export function clientOptions(options: TLSOptions, host: string): ConnectionOptions {
  const { alpn, rejectUnauthorized = true } = options
  // RFC 6066 §3: a name there has no dot at its end, though it may have one in a URL.
  const servername = (options.servername ?? host).replace(/\.$/, '')
  return {
    secureContext: clientContextOf(options),
    // RFC 6066 §3: an address is no server name; the certificate must be for it all the same.
    ...(isIP(servername) === 0
      ? { servername }
      : { checkServerIdentity: (_host, certificate) => checkAddress(servername, certificate) }),
    ...(alpn === undefined ? {} : { ALPNProtocols: Array.from(alpn) }),
    // Said always: otherwise the environment could turn it off.
    rejectUnauthorized,
  }
}

/** As `checkServerIdentity()` of Node.js, which in 22.23 refuses every certificate for an IPv6 address. */
function checkAddress(address: string, certificate: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(address, certificate)
  const names = certificate.subjectaltname ?? ''
  // Quotes stand around names that try to look like several; those are left to Node.js.
  if (error === undefined || isIP(address) !== 6 || names.includes('"')) return error
  const wanted = new BlockList()
  wanted.addAddress(address, 'ipv6')
  for (const name of names.split(', ')) {
    const other = name.startsWith('IP Address:') ? name.slice(11) : ''
    if (isIP(other) === 6 && wanted.check(other, 'ipv6')) return undefined
  }
  return error
}

/** For the server side. */
export function serverOptions(options: ServerTLSOptions): TlsOptions {
  const { alpn, clientCertificate = 'none', handshakeTimeout = 10_000 } = options
  if (options.cert === undefined || options.key === undefined) {
    throw new TypeError('Listening with TLS needs "cert" and "key"')
  }
  // Checks them, with a better message.
  contextOf(options)
  return {
    ...contextOptions(options),
    ...(alpn === undefined ? {} : { ALPNProtocols: Array.from(alpn) }),
    requestCert: clientCertificate !== 'none',
    rejectUnauthorized: clientCertificate === 'required',
    handshakeTimeout,
  }
}
