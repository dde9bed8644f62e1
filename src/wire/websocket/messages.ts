/** What a `MessageReader` tells, and what it is told to allow. */

export interface MessageEvents {
  /** A text, whole. `size`: its bytes. */
  text(text: string, size: number): void
  /**
   * A binary message, whole. `view`: it lies in the bytes that were fed, and is theirs; otherwise it is
   * yours.
   */
  binary(data: Uint8Array, view: boolean): void
  /** The bytes are valid during the call. */
  ping(data: Uint8Array): void
  /** The bytes are valid during the call. */
  pong(data: Uint8Array): void
  /** The peer has sent a close frame, 1005 if it said no code; nothing is read behind it. */
  close(code: number, reason: string): void
  /**
   * What one frame holds of a compressed message, the last one of it with `fin`: to be inflated, and given
   * to `inflated()`. Until then nothing is read. `view` as above.
   */
  compressed(data: Uint8Array, fin: boolean, view: boolean): void
}

/** How much of a message is read before it is refused. */
export interface MessageLimits {
  /** Bytes of a message, after inflating: 1009. */
  readonly maxPayload: number
  /** Frames of a message: 1008. An empty one costs its sender two bytes, and us the work of a frame. */
  readonly maxFragments: number
}
