/** Whom a handshake has led to: the pins that a certificate is held against, and what a failure means. */
import type { TLSSocket } from 'node:tls'
import { errnoOf, type TLSFailure } from '../errors.ts'
import type { TLSOptions } from '../transport.ts'

const pinsOfOptions = new WeakMap<TLSOptions, readonly string[]>()
const none: readonly string[] = []

/**
 * The fingerprints of `options` as they are compared: in lower case, without colons.
 *
 * @throws TypeError for one that is not SHA-256
 */
export function pinsOf(options: TLSOptions): readonly string[] {
  const { fingerprint } = options
  if (fingerprint === undefined) return none
  let pins = pinsOfOptions.get(options)
  if (pins === undefined) {
    pins = (typeof fingerprint === 'string' ? [fingerprint] : fingerprint).map(normalised)
    pinsOfOptions.set(options, pins)
  }
  return pins
}

function normalised(fingerprint: string): string {
  const pin = fingerprint.replaceAll(':', '').toLowerCase()
  if (/^[\da-f]{64}$/.test(pin)) return pin
  throw new TypeError(
    `Cannot use ${JSON.stringify(fingerprint)} as TLS option "fingerprint": expected SHA-256, 64 hexadecimal digits`,
  )
}

/**
 * Calls back once: when the handshake is done and the peer is who it should be, or with the error.
 * A failed socket destroys itself.
 */
export function onceSecured(
  socket: TLSSocket,
  options: TLSOptions,
  callback: (error: Error | undefined) => void,
): void {
  let over = false
  const settle = (error: Error | undefined): void => {
    if (over) return
    over = true
    callback(error)
    // An error that comes after the first must not be fatal: this listener stays for those.
    if (error === undefined) socket.off('error', settle)
  }
  socket.once('secureConnect', () => {
    const error = pinError(socket, pinsOf(options))
    settle(error)
    if (error !== undefined) socket.destroy()
  })
  socket.on('error', settle)
}

function pinError(socket: TLSSocket, pins: readonly string[]): Error | undefined {
  // A resumed session brings no certificate; it was made under the same pins, with the same peer.
  if (pins === none || socket.isSessionReused()) return undefined
  const found = socket.getPeerX509Certificate()?.fingerprint256 ?? ''
  if (pins.includes(found.replaceAll(':', '').toLowerCase())) return undefined
  const error = new Error(`the certificate has fingerprint "${found}", which is not expected`)
  return Object.assign(error, { code: pinMismatch })
}

const pinMismatch = 'ERR_TLS_PIN_MISMATCH'

// The words of Node.js (lib/internal/tls) and of OpenSSL (X509_verify_cert_error_string).
const failures = new Map<string, TLSFailure>([
  ['CERT_HAS_EXPIRED', 'expired'],
  ['CERT_NOT_YET_VALID', 'not-yet-valid'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'untrusted'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'untrusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'untrusted'],
  ['CERT_UNTRUSTED', 'untrusted'],
  ['CERT_REJECTED', 'untrusted'],
  ['INVALID_CA', 'untrusted'],
  ['INVALID_PURPOSE', 'untrusted'],
  ['CERT_CHAIN_TOO_LONG', 'untrusted'],
  ['CERT_SIGNATURE_FAILURE', 'untrusted'],
  ['CERT_REVOKED', 'revoked'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'hostname-mismatch'],
  [pinMismatch, 'pin-mismatch'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'certificate-required'],
])

/** Why the handshake failed; undefined for what is no matter of TLS, such as a reset. */
export function tlsFailureOf(error: Error): TLSFailure | undefined {
  const code = errnoOf(error) ?? ''
  const failure = failures.get(code)
  return failure ?? (code.startsWith('ERR_SSL_') ? 'protocol' : undefined)
}
