/**
 * What goes over a channel: frames of a length and a value in the format of structured clone.
 *
 * The other end is trusted as this program is: `v8.deserialize` is not made for bytes of strangers.
 */
import { deserialize, serialize } from 'node:v8'
import { LimitExceededError } from '../errors.ts'
import type { ByteStream } from '../streams/byte-stream.ts'

/** What a frame is about. The numbers are the format: they do not change. */
export const FrameKind = {
  /** A message that nobody answers. */
  message: 0,
  /** A question; `id` is the asker's. */
  request: 1,
  /** The answer to it. */
  result: 2,
  /** Why there is none. */
  failure: 3,
  /** One of several answers. */
  item: 4,
  /** There are no more of them. */
  end: 5,
  /** The asker does not want the answer any more. */
  cancel: 6,
  /** The asker takes so many more answers. */
  credit: 7,
  /** A question that may have several answers. */
  streamRequest: 8,
  /** The sender closes the channel, and is not gone by an accident. */
  goodbye: 9,
} as const

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind]

export type Frame = readonly [kind: FrameKind, id: number, value?: unknown]

const headSize = 4

/**
 * One frame as bytes.
 *
 * @throws DOMException-like DataCloneError for what can't be cloned, such as a function
 * @throws LimitExceededError if it is larger than `limit` bytes
 */
export function encodeFrame(frame: Frame, limit: number): Uint8Array {
  const value = serialize(frame)
  if (value.length > limit) throw new LimitExceededError('the end of a message', limit)
  const bytes = Buffer.allocUnsafe(headSize + value.length)
  bytes.writeUInt32BE(value.length)
  value.copy(bytes, headSize)
  return bytes
}

/** The next frame; undefined at the end of the stream. */
export async function readFrame(stream: ByteStream, limit: number): Promise<Frame | undefined> {
  const first = await stream.read(1)
  if (first === undefined) return undefined
  const rest = await stream.readExactly(headSize - 1)
  const length = Buffer.concat([first, rest]).readUInt32BE()
  if (length > limit) throw new LimitExceededError('the end of a message', limit)
  return deserialize(await stream.readExactly(length)) as Frame
}
