/** Messages on end whose frames are joined, so that they leave in one write: the system asks as much for a small one. */
import type { WebSocketLink } from '../websocket-link.ts'
import type { SharedMessage } from './shared-message.ts'

/**
 * The most bytes that are gathered, if not one message alone has more: copying as many costs more than the
 * write that is saved.
 */
export const longestRun = 65_536

export class FrameRun {
  readonly frames: Uint8Array
  /** How many messages. */
  readonly count: number
  /** Their bytes, before compression. */
  readonly size: number

  constructor(frames: readonly Uint8Array[], size: number) {
    this.frames = frames.length === 1 ? (frames[0] as Uint8Array) : Buffer.concat(frames)
    this.count = frames.length
    this.size = size
  }

  /** Writes it over a link which is between two messages, and has nothing to deflate. */
  writeTo(link: WebSocketLink): void {
    link.writer.writeFrame(this.frames)
    link.sent(this.size, this.count)
  }
}

/** All of the messages; undefined if the link has to frame one of them by itself. */
export function wholeRun(
  messages: readonly SharedMessage[],
  link: WebSocketLink,
): FrameRun | undefined {
  const frames: Uint8Array[] = []
  let size = 0
  for (const message of messages) {
    const frame = message.frameFor(link)
    if (frame === undefined) return undefined
    frames.push(frame)
    size += message.size
  }
  return new FrameRun(frames, size)
}

/** What can take messages off. */
interface Line {
  first(): SharedMessage | undefined
  take(): SharedMessage | undefined
}

/** Takes as many as make a run off the line; undefined if the link has to frame the first by itself. */
export function takeRun(line: Line, link: WebSocketLink): FrameRun | undefined {
  const frames: Uint8Array[] = []
  let length = 0
  let size = 0
  for (let next = line.first(); next !== undefined && length < longestRun; next = line.first()) {
    const frame = next.frameFor(link)
    if (frame === undefined) break
    frames.push(frame)
    length += frame.byteLength
    size += next.size
    line.take()
  }
  return frames.length === 0 ? undefined : new FrameRun(frames, size)
}
