/**
 * One message for many: its frame is made once for all who get the same bytes. Those are all servers'
 * connections that don't compress, and those that compress without keeping a context, by their window; who
 * keeps a context, or masks, gets a frame of his own.
 */
import { constants, deflateRawSync } from 'node:zlib'
import { writeFrame } from '../../../wire/websocket/frame-writer.ts'
import { FIN, opcodes, RSV1 } from '../../../wire/websocket/opcodes.ts'
import type { WebSocketLink } from '../websocket-link.ts'

// A larger one is compressed for each on zlib's threads: the loop would stand still for too long.
const mostInline = 65_536

// What a message costs where it waits besides its bytes, which are shared.
const overhead = 64

export class SharedMessage {
  /** In bytes. */
  readonly size: number
  readonly #data: string | Uint8Array
  #plain: Buffer | undefined = undefined
  #compressed: Map<number, Buffer> | undefined = undefined

  constructor(data: string | Uint8Array) {
    this.#data = data
    this.size = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
  }

  /** What it counts where it waits. */
  get cost(): number {
    return this.size + overhead
  }

  /** Its frame for all links like this one; undefined if each has to make one of its own. */
  frameFor({ isServer, deflate }: WebSocketLink): Buffer | undefined {
    if (!isServer) return undefined
    if (deflate === undefined || this.size < deflate.threshold) {
      return (this.#plain ??= this.#frame(this.#data, this.size, 0))
    }
    if (deflate.agreement.contextTakeover || this.size > mostInline) return undefined
    return this.#compressedFrame(deflate.agreement.windowBits)
  }

  /** Sends it in a frame of its own, behind all that the link was given. */
  sendTo(link: WebSocketLink): void {
    const compress = this.size >= (link.deflate?.threshold ?? Infinity)
    link.writer.send(this.#data, this.size, typeof this.#data !== 'string', compress, true)
    link.sent(this.size, 1)
  }

  #compressedFrame(windowBits: number): Buffer {
    const known = this.#compressed?.get(windowBits)
    if (known !== undefined) return known
    const flushed = deflateRawSync(this.#data, {
      windowBits,
      level: constants.Z_BEST_SPEED,
      finishFlush: constants.Z_SYNC_FLUSH,
    })
    // RFC 7692 §7.2.1: without the empty block at its end.
    const frame = this.#frame(flushed.subarray(0, -4), flushed.length - 4, RSV1)
    ;(this.#compressed ??= new Map()).set(windowBits, frame)
    return frame
  }

  #frame(payload: string | Uint8Array, size: number, rsv: number): Buffer {
    const opcode = typeof this.#data === 'string' ? opcodes.text : opcodes.binary
    const frame = writeFrame(FIN | rsv | opcode, payload, size, undefined)
    if (Array.isArray(frame)) return Buffer.concat(frame)
    return typeof frame === 'string' ? Buffer.from(frame, 'latin1') : Buffer.from(frame)
  }
}

/** Who gets the same frames: links of one kind. */
export function kindOf({ isServer, deflate }: WebSocketLink): string {
  if (!isServer) return 'masked'
  if (deflate === undefined) return 'plain'
  const { threshold, agreement } = deflate
  return `${agreement.contextTakeover ? 'context' : agreement.windowBits} from ${threshold}`
}
