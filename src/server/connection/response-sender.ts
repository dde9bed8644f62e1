/**
 * Puts a response into its transport: at once where the body is at hand, head and body in one write.
 * What takes time is given back to whoever waits for it.
 */
import { Buffer } from 'node:buffer'
import type { BodyFraming } from '../../http/body-writer.ts'
import { type BodyChunks, outgoingBody } from '../../http/outgoing-body.ts'
import type { Transport } from '../../io/transport.ts'
import type { RequestHead } from '../../wire/http1/messages.ts'
import type { ServerResponse } from '../messages/server-response.ts'
import type { HTTPDate } from './http-date.ts'
import { lengthLine, plainPrefix, responseHead } from './response-head.ts'

/** What of the request decides about the form of its response. */
export type ResponseContext = Pick<RequestHead, 'method' | 'minorVersion'>

/** What is left to do: nothing but to wait when the transport is full, or chunks to write. */
export type Sent = 'written' | 'full' | StreamedBody

interface StreamedBody {
  readonly chunks: BodyChunks
  readonly framing: BodyFraming
  /** Nobody wants them; the source is to be ended. */
  readonly unwanted: boolean
}

// A body up to this size is copied behind its head, which costs less than a second write.
const joinedLimit = 16_384
// A larger one goes out in pieces of this size, so that a slow client is seen to take them.
const pieceSize = 262_144

/**
 * `keepAlive`: whether another request may follow.
 *
 * Throws `ProtocolError`, and has written nothing, if the response can't be sent as it is.
 */
export function sendResponse(
  transport: Transport,
  response: ServerResponse,
  context: ResponseContext,
  keepAlive: boolean,
  date: HTTPDate,
): Sent {
  const { body, status } = response
  if (
    typeof body === 'string' &&
    body.length < joinedLimit &&
    response.touchedHeaders === undefined &&
    keepAlive &&
    context.minorVersion === 1 &&
    status !== 204 &&
    status !== 205 &&
    status !== 304
  ) {
    const length = Buffer.byteLength(body)
    // Few pieces: each one that is joined costs something when they are written.
    const head = plainPrefix(status, response.plainType) + lengthLine(length) + date.lastLine
    if (context.method === 'HEAD') return sent(transport.write(head))
    // As many bytes as characters: all of them ASCII, and so the same in latin1.
    return sent(
      length === body.length
        ? transport.write(head + body)
        : writeText(transport, head, body, length),
    )
  }
  return sendAny(transport, response, context, keepAlive, date.line)
}

function sendAny(
  transport: Transport,
  response: ServerResponse,
  context: ResponseContext,
  mayKeepAlive: boolean,
  date: string,
): Sent {
  const { status } = response
  const body = response.body === null ? undefined : outgoingBody(response.body)
  // RFC 9110 §15.3.5, §15.3.6, §15.4.5: none of them has content, whatever the handler gave.
  const bodyless = context.method === 'HEAD' || status === 204 || status === 205 || status === 304
  let length = body === undefined ? (bodyless ? -2 : 0) : (body.length ?? promisedLength(response))
  if (status === 205) length = 0
  if (status === 204 || (status === 304 && body === undefined)) length = -2
  // RFC 9110 §9.3.6: what follows a success is the tunnel, "a server MUST NOT send" how long it is.
  const tunnel = context.method === 'CONNECT' && status >= 200 && status < 300
  if (tunnel) length = -1
  const chunked = length === -1 && !bodyless && !tunnel && context.minorVersion === 1
  // Of HTTP/1.0 the end of such a body is the end of the connection.
  const keepAlive = mayKeepAlive && (length !== -1 || chunked || bodyless)
  const head = responseHead(response, {
    length,
    chunked,
    connection: keepAlive ? (context.minorVersion === 0 ? 'keep-alive' : undefined) : 'close',
    date,
  })
  if (body === undefined) return sent(transport.write(head))
  if (body.kind === 'stream') {
    transport.write(head)
    const framing = length >= 0 ? length : chunked ? 'chunked' : 'until-close'
    return { chunks: body.chunks, framing, unwanted: bodyless }
  }
  if (bodyless) return sent(transport.write(head))
  if (body.length > pieceSize) {
    transport.write(head)
    const chunks = body.kind === 'bytes' ? pieces(body.bytes) : textPieces(body.text, body.ascii)
    return { chunks, framing: body.length, unwanted: false }
  }
  if (body.kind === 'bytes') return sent(writeBytes(transport, head, body.bytes))
  if (!body.ascii) return sent(writeText(transport, head, body.text, body.length))
  return sent(
    body.length < joinedLimit
      ? transport.write(head + body.text)
      : writeBehind(transport, head, body.text),
  )
}

function sent(more: boolean): Sent {
  return more ? 'written' : 'full'
}

function writeText(transport: Transport, head: string, body: string, length: number): boolean {
  if (length >= joinedLimit) return writeBehind(transport, head, Buffer.from(body))
  const bytes = Buffer.allocUnsafe(head.length + length)
  bytes.write(head, 0, 'latin1')
  bytes.write(body, head.length, 'utf8')
  return transport.write(bytes)
}

function writeBytes(transport: Transport, head: string, body: Uint8Array): boolean {
  if (body.byteLength < joinedLimit) {
    const bytes = Buffer.allocUnsafe(head.length + body.byteLength)
    bytes.write(head, 0, 'latin1')
    bytes.set(body, head.length)
    return transport.write(bytes)
  }
  return writeBehind(transport, head, body)
}

// Gathered into one write by the system: a large body is not copied, and text is not made bytes first.
function writeBehind(transport: Transport, head: string, body: Uint8Array | string): boolean {
  transport.cork()
  transport.write(head)
  const more = transport.write(body)
  transport.uncork()
  return more
}

// A stream may come with its length in a header of its own.
function promisedLength(response: ServerResponse): number {
  const given = response.touchedHeaders?.get('content-length') ?? null
  return given !== null && /^\d{1,15}$/.test(given) ? Number(given) : -1
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.byteLength; at += pieceSize) yield bytes.subarray(at, at + pieceSize)
}

function textPieces(text: string, ascii: boolean): Iterable<Uint8Array | string> {
  return ascii ? slices(text) : pieces(Buffer.from(text))
}

function* slices(text: string): Generator<string, void> {
  for (let at = 0; at < text.length; at += pieceSize) yield text.slice(at, at + pieceSize)
}
