/** Frames of WebSocket by hand (RFC 6455 §5.2): what the package does with `ws` is not tested with `ws`. */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameParts {
  fin?: boolean
  /** RSV1, RSV2 and RSV3 as the bits 4, 2 and 1. */
  rsv?: number
  /** Whether the payload is masked, as a client's is. */
  masked?: boolean
  /** Encodes the length in 7, 16 or 64 bits, also where fewer would do. */
  lengthBits?: 7 | 16 | 64
  /** Claims another length than the payload has. */
  claimed?: number
}

const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

export function frame(
  opcode: number,
  payload: string | Uint8Array = '',
  parts: FrameParts = {},
): Buffer {
  const { fin = true, rsv = 0, masked = true } = parts
  const body = Buffer.from(payload as string)
  const length = parts.claimed ?? body.length
  const bits = parts.lengthBits ?? (length < 126 ? 7 : length < 65_536 ? 16 : 64)
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = (masked ? 0x80 : 0) | (bits === 7 ? length : bits === 16 ? 126 : 127)
  if (bits === 16) head.writeUInt16BE(length, 2)
  if (bits === 64) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat(masked ? [head, mask, applied(body)] : [head, body])
}

export function closeFrame(code?: number, reason = '', parts?: FrameParts): Buffer {
  const payload = Buffer.alloc(code === undefined ? 0 : 2)
  if (code !== undefined) payload.writeUInt16BE(code, 0)
  return frame(opcodes.close, Buffer.concat([payload, Buffer.from(reason)]), parts)
}

function applied(body: Buffer): Buffer {
  return Buffer.from(body.map((byte, index) => byte ^ (mask[index % 4] as number)))
}

export interface Frame {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly masked: boolean
  readonly payload: Buffer
}

/** The whole frames that `bytes` begins with, and what is behind them. */
export function framesOf(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = []
  let rest = bytes
  for (;;) {
    const read = firstFrame(rest)
    if (read === undefined) return { frames, rest }
    frames.push(read.frame)
    rest = rest.subarray(read.length)
  }
}

function firstFrame(bytes: Buffer): { frame: Frame; length: number } | undefined {
  if (bytes.length < 2) return undefined
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)]
  const short = second & 0x7f
  let at = 2
  let length = short
  if (short === 126) {
    if (bytes.length < 4) return undefined
    length = bytes.readUInt16BE(2)
    at = 4
  } else if (short === 127) {
    if (bytes.length < 10) return undefined
    length = Number(bytes.readBigUInt64BE(2))
    at = 10
  }
  const masked = (second & 0x80) !== 0
  const key = masked ? bytes.subarray(at, at + 4) : Buffer.alloc(4)
  if (masked) at += 4
  if (bytes.length < at + length) return undefined
  const payload = Buffer.from(
    bytes.subarray(at, at + length).map((byte, index) => byte ^ (key[index % 4] as number)),
  )
  return {
    frame: {
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      opcode: first & 0x0f,
      masked,
      payload,
    },
    length: at + length,
  }
}
