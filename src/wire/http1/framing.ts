/**
 * How long a body is (RFC 9112 §6.3) and whether the connection may be used again (§9.3), in both roles.
 * Where two readers could come to different answers, the message is refused.
 */
import { isToken, quoted, refused } from './grammar.ts'
import { type FieldFacts, listOf } from './head/field-reader.ts'
import type { Framing, MinorVersion } from './messages.ts'

/**
 * What a `Transfer-Encoding` field comes to: `chunked` if that is the last coding, once and without
 * parameters; `other` if there is none at all.
 */
type TransferCoding = 'chunked' | 'chunked-and-others' | 'other'

/** @throws ProtocolError if the list is not well formed, or `chunked` is not last or repeated */
function transferCodingOf(value: string): TransferCoding {
  // The fast way for nearly all messages that have one.
  if (value === 'chunked') return 'chunked'
  const codings = listOf(value.toLowerCase())
  for (const [index, coding] of codings.entries()) {
    // RFC 9112 §7: transfer-coding = token *( OWS ";" OWS transfer-parameter ). Only compress, deflate and
    // gzip are registered besides chunked, none with parameters, so we know of none.
    if (!isToken(coding))
      throw refused(`Transfer-Encoding ${quoted(value)} is not a list of codings`)
    if (coding === 'chunked' && index < codings.length - 1) {
      // RFC 9112 §6.1: "A sender MUST NOT apply the chunked transfer coding more than once".
      throw refused(`Transfer-Encoding ${quoted(value)} has "chunked" before its end`)
    }
  }
  if (codings.at(-1) !== 'chunked') return 'other'
  return codings.length === 1 ? 'chunked' : 'chunked-and-others'
}

/** @throws ProtocolError if the fields that frame a message are at fault */
function refuseFaults(facts: FieldFacts, minorVersion: MinorVersion): void {
  if (facts.lengthFault !== undefined) throw refused(facts.lengthFault)
  if (facts.transferEncoding === undefined) return
  // RFC 9112 §6.1: "A server MAY reject a request that contains both Content-Length and Transfer-Encoding".
  if (facts.contentLength !== -1) {
    throw refused('Message has both Content-Length and Transfer-Encoding')
  }
  // RFC 9112 §6.1: "treat the message as if the framing is faulty, even if a Content-Length is present".
  if (minorVersion === 0) throw refused('Message of HTTP/1.0 has a Transfer-Encoding')
}

/** RFC 9112 §6.3 for requests: without either field there is no body, whatever the method. */
export function requestFraming(
  facts: FieldFacts,
  minorVersion: MinorVersion,
): 'none' | 'length' | 'chunked' {
  refuseFaults(facts, minorVersion)
  if (facts.transferEncoding !== undefined) {
    const coding = transferCodingOf(facts.transferEncoding)
    if (coding !== 'chunked') {
      // RFC 9112 §6.1: "A server that receives a request message with a transfer coding it does not
      // understand SHOULD respond with 501".
      throw refused(`Transfer-Encoding ${quoted(facts.transferEncoding)} is not supported`, 501)
    }
    return 'chunked'
  }
  return facts.contentLength > 0 ? 'length' : 'none'
}

/** RFC 9112 §6.3 for the response with `status` to a request with `method`. */
export function responseFraming(
  method: string,
  status: number,
  facts: FieldFacts,
  minorVersion: MinorVersion,
): Framing {
  // Item 2: 2xx to CONNECT is a tunnel, "a client MUST ignore any Content-Length or Transfer-Encoding".
  if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) return 'tunnel'
  refuseFaults(facts, minorVersion)
  if (facts.transferEncoding !== undefined) {
    const coding = transferCodingOf(facts.transferEncoding)
    if (!hasBody(method, status)) return 'none'
    // Item 4: "the message body length is determined by reading the connection until it is closed".
    return coding === 'other' ? 'until-close' : 'chunked'
  }
  if (!hasBody(method, status) || facts.contentLength === 0) return 'none'
  return facts.contentLength === -1 ? 'until-close' : 'length'
}

/** Whether the response with `status` to a request with `method` has a body at all (RFC 9112 §6.3, item 1). */
export function hasBody(method: string, status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304 && method !== 'HEAD'
}

/** RFC 9112 §9.3: kept in HTTP/1.1 unless `close` is said, in HTTP/1.0 only if `keep-alive` is. */
export function isKeptAlive(facts: FieldFacts, minorVersion: MinorVersion): boolean {
  if (facts.close) return false
  return minorVersion === 1 || facts.keepAlive
}
