import { compressChunks, compressNow, type ContentCoding } from '../../http/compressed-chunks.ts'
import { outgoingBody, type OutgoingBody } from '../../http/outgoing-body.ts'

// About a millisecond of this thread. What is larger goes through others, in chunks.
const mostAtOnce = 65_536

/** `body` in that coding; of what is short, the length is known. */
export function compressedBody(body: OutgoingBody, coding: ContentCoding): OutgoingBody {
  if (body.kind === 'stream') {
    const { chunks, replayable } = body
    return compressedStream(coding, chunks, replayable)
  }
  const whole = body.kind === 'text' ? body.text : body.bytes
  if (body.length <= mostAtOnce) return outgoingBody(compressNow(coding, whole))
  return compressedStream(coding, [whole], true)
}

function compressedStream(
  coding: ContentCoding,
  source: Parameters<typeof compressChunks>[1],
  replayable: boolean,
): OutgoingBody {
  const chunks = {
    [Symbol.asyncIterator]: () => compressChunks(coding, source, false)[Symbol.asyncIterator](),
  }
  return { kind: 'stream', chunks, length: undefined, replayable }
}
