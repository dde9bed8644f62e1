/**
 * One buffer that many sockets read into, one after the other: it spares each read an allocation of
 * 64 KiB that is cut down afterwards. What it hands out is valid until the next read of any of them.
 */
import type { OnReadOpts, Socket } from 'node:net'
import { received } from './socket-transport.ts'

class ReadBuffer {
  readonly bytes: Buffer
  // Responses of one kind have one length: most views are the one before.
  #view: Buffer

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = this.bytes
  }

  view(length: number): Buffer {
    if (this.#view.length !== length) this.#view = this.bytes.subarray(0, length)
    return this.#view
  }
}

const known = new WeakMap<Uint8Array, ReadBuffer>()

/** What a socket needs to be made with, to read into `bytes`; `socket` is asked for at each read. */
export function readInto(bytes: Uint8Array, socket: () => Socket): OnReadOpts {
  let buffer = known.get(bytes)
  if (buffer === undefined) known.set(bytes, (buffer = new ReadBuffer(bytes)))
  const shared = buffer
  return {
    buffer: shared.bytes,
    callback: (length) => received(socket(), shared.view(length)),
  }
}
