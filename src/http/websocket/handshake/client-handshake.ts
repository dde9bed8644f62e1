/** The question of a client for a WebSocket, and whether the answer is one to it (RFC 6455 §4.1). */
import { parseExtensions } from '../../../wire/websocket/handshake-lists.ts'
import type { DeflateAgreement } from '../framing/message-deflate.ts'
import type { CompressionSettings } from '../websocket-options.ts'
import { acceptOf } from './accept-key.ts'
import { deflatesOf, offerDeflate, readDeflateAnswer } from './deflate-negotiation.ts'

export interface HandshakeOffer {
  readonly key: string
  readonly subprotocols: readonly string[]
  readonly compression: CompressionSettings | undefined
}

/** The fields to ask with, besides those of every request. */
export function handshakeFields(offer: HandshakeOffer): [string, string][] {
  const fields: [string, string][] = [
    ['upgrade', 'websocket'],
    ['connection', 'Upgrade'],
    ['sec-websocket-key', offer.key],
    ['sec-websocket-version', '13'],
  ]
  if (offer.subprotocols.length > 0) {
    fields.push(['sec-websocket-protocol', offer.subprotocols.join(', ')])
  }
  if (offer.compression !== undefined) {
    fields.push(['sec-websocket-extensions', offerDeflate(offer.compression)])
  }
  return fields
}

/** What was agreed on. */
export interface HandshakeResult {
  readonly subprotocol: string | undefined
  readonly deflate: DeflateAgreement | undefined
}

/** Reads a 101; a text if it is no answer to the offer, that says why. */
export function readHandshakeAnswer(
  offer: HandshakeOffer,
  getAll: (name: string) => string[],
): HandshakeResult | string {
  const upgrade = getAll('upgrade').join(', ')
  if (upgrade.toLowerCase() !== 'websocket') return 'its Upgrade is not "websocket"'
  const connection = getAll('connection').join(', ').toLowerCase()
  if (!connection.split(/\s*,\s*/).includes('upgrade')) return 'its Connection is not "Upgrade"'
  const accepts = getAll('sec-websocket-accept')
  if (accepts.length !== 1 || accepts[0] !== acceptOf(offer.key)) {
    return 'its Sec-WebSocket-Accept is not that of our key'
  }
  const subprotocol = subprotocolOf(offer, getAll('sec-websocket-protocol'))
  if (typeof subprotocol === 'object') return subprotocol.problem
  const deflate = deflateOf(offer, getAll('sec-websocket-extensions').join(', '))
  return typeof deflate === 'string' ? deflate : { subprotocol, deflate }
}

function subprotocolOf(
  { subprotocols }: HandshakeOffer,
  answers: readonly string[],
): string | undefined | { problem: string } {
  const [answer, ...others] = answers
  if (answer === undefined) return undefined
  if (others.length === 0 && subprotocols.includes(answer)) return answer
  return { problem: `it chose a subprotocol that was not offered: ${JSON.stringify(answer)}` }
}

function deflateOf(
  { compression }: HandshakeOffer,
  header: string,
): DeflateAgreement | undefined | string {
  if (header === '') return undefined
  const answers = parseExtensions(header)
  if (answers === undefined) return 'its Sec-WebSocket-Extensions make no sense'
  const [deflate] = deflatesOf(answers)
  if (compression === undefined || answers.length > 1 || deflate === undefined) {
    return `it chose an extension that was not offered: ${JSON.stringify(header)}`
  }
  return readDeflateAnswer(deflate, compression)
}
