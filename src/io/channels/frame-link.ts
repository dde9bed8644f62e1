import type { ByteStream } from '../streams/byte-stream.ts'
import { encodeFrame, type Frame, readFrame } from './frames.ts'

/** Frames over a stream, in both directions. */
export class FrameLink {
  readonly stream: ByteStream
  readonly #limit: number

  constructor(stream: ByteStream, limit: number) {
    this.stream = stream
    this.#limit = limit
  }

  /** Waits while the other end takes less than is written. A cancelled wait has sent the frame whole. */
  async write(frame: Frame): Promise<void> {
    await this.stream.write(encodeFrame(frame, this.#limit))
  }

  /** For what is not worth waiting for, and lost only with the channel. */
  writeSoon(frame: Frame): void {
    this.write(frame).catch(ignore)
  }

  read(): Promise<Frame | undefined> {
    return readFrame(this.stream, this.#limit)
  }
}

// Whoever cares hears of it by the end of the channel.
function ignore(): void {}
