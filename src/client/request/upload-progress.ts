/** A body that tells how much of it was sent. It goes out in pieces then, also if it is there as a whole. */
import { pipeChunks, readChunks } from '../../http/chunk-source.ts'
import { type BodyChunks, type OutgoingBody } from '../../http/outgoing-body.ts'

/** How far a transfer has come. */
export interface TransferProgress {
  /** Bytes of the body so far. */
  readonly transferred: number
  /** How many there will be; undefined if that is not known before the end. */
  readonly total: number | undefined
}

// As much as a socket takes at once.
const pieceSize = 65_536

/**
 * Calls `tell` each time a piece was taken by the connection: it may still wait in a buffer of the
 * system. What `tell` throws ends the request. It begins at 0 again where the body is sent again.
 */
export function withProgress(
  body: OutgoingBody,
  tell: (progress: TransferProgress) => void,
): OutgoingBody {
  const { length, replayable } = body
  const chunks = {
    [Symbol.asyncIterator]: () =>
      pipeChunks(piecesOf(body), (source) => told(source, length, tell))[Symbol.asyncIterator](),
  }
  return { kind: 'stream', chunks, length, replayable }
}

async function* told(
  chunks: BodyChunks,
  total: number | undefined,
  tell: (progress: TransferProgress) => void,
): AsyncGenerator<Uint8Array | string, void> {
  let transferred = 0
  for await (const chunk of readChunks(chunks)) {
    yield chunk
    // Whoever asks for the next has taken this one.
    transferred += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
    tell({ transferred, total })
  }
}

function piecesOf(body: OutgoingBody): BodyChunks {
  if (body.kind === 'stream') return body.chunks
  return pieces(body.kind === 'text' ? Buffer.from(body.text) : body.bytes)
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.byteLength; at += pieceSize) yield bytes.subarray(at, at + pieceSize)
}
