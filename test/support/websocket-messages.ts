/** Makes messages of the frames that came, also of compressed ones (RFC 7692), and of those in fragments. */
import { constants, inflateRawSync } from 'node:zlib'
import { type Frame, opcodes } from './websocket-frames.ts'

const tail = Buffer.from([0, 0, 0xff, 0xff])

export class MessageReader {
  /** Messages as text, and `close <code>`. */
  readonly messages: string[] = []
  // All that was compressed so far, if one message may refer to those before it.
  readonly #context: boolean
  #compressed: Buffer = Buffer.alloc(0)
  #inflated = 0
  #parts: Buffer[] = []
  #deflated = false

  constructor(context: boolean) {
    this.#context = context
  }

  read(frames: readonly Frame[]): void {
    for (const frame of frames) this.#read(frame)
  }

  #read({ opcode, fin, rsv, payload }: Frame): void {
    if (opcode === opcodes.close) this.messages.push(`close ${payload.readUInt16BE(0)}`)
    if (opcode > opcodes.binary) return
    if (opcode !== opcodes.continuation) this.#deflated = (rsv & 4) !== 0
    this.#parts.push(payload)
    if (!fin) return
    const whole = Buffer.concat(this.#parts)
    this.#parts = []
    this.messages.push((this.#deflated ? this.#inflate(whole) : whole).toString())
  }

  #inflate(bytes: Buffer): Buffer {
    const before = this.#context ? this.#compressed : Buffer.alloc(0)
    const all = Buffer.concat([before, bytes, tail])
    const inflated = inflateRawSync(all, { finishFlush: constants.Z_SYNC_FLUSH })
    if (!this.#context) return inflated
    const message = inflated.subarray(this.#inflated)
    this.#compressed = all
    this.#inflated = inflated.length
    return message
  }
}
