/**
 * The head of a frame (RFC 6455 §5.2), and what of it breaks the rules whatever came before it.
 *
 * A head that has come in part is looked at again with each byte more. So reading changes nothing but what
 * it has found out, and a fault is found with the first byte that shows it.
 */
import { ProtocolError } from '../errors.ts'
import { closeCodes } from './close-codes.ts'
import { FIN, MASK, opcodes, RSV1, RSV2_AND_3, shortest } from './opcodes.ts'

/** Two bytes, a length of eight, a key of four. */
export const longestHead = 14

const twoBytes = 126
// The least lengths that need them.
const leastOfEight = 65_536
const half = 0x8000_0000

/** The peer broke the rules of WebSocket, or a limit: what it is closed with is in `closeCode`. */
export function faulty(
  message: string,
  closeCode: number = closeCodes.protocolError,
): ProtocolError {
  return new ProtocolError('remote', message, { closeCode })
}

export class FrameHead {
  fin = false
  rsv1 = false
  opcode = 0
  /** Of the payload. */
  size = 0
  /** 0 where nothing is masked, and where masking changes nothing. */
  key = 0
  readonly #masked: boolean

  /** `masked`: whether frames must be, since they are a client's, or must not. */
  constructor(masked: boolean) {
    this.#masked = masked
  }

  /**
   * Reads the first byte.
   *
   * @throws ProtocolError for what no frame may say with it
   */
  begin(first: number): void {
    const opcode = first & 0x0f
    if ((first & RSV2_AND_3) !== 0) throw faulty('RSV2 or RSV3 is set')
    if ((opcode > opcodes.binary && opcode < opcodes.close) || opcode > opcodes.pong) {
      throw faulty(`Opcode ${opcode} is reserved`)
    }
    this.fin = (first & FIN) !== 0
    this.rsv1 = (first & RSV1) !== 0
    this.opcode = opcode
    this.size = -1
    if (opcode < opcodes.close) return
    // §5.5: control frames come whole, since they come between the fragments of others.
    if (!this.fin) throw faulty('A control frame comes in fragments')
    // RFC 7692 §6: messages are compressed, and control frames are none.
    if (this.rsv1) throw faulty('RSV1 is set in a control frame')
  }

  /**
   * Reads the head that begins at `at`, whose first byte was read. Returns its length, or 0 if it is not
   * whole; `size` is -1 until the length of the payload is known.
   *
   * @throws ProtocolError as soon as it breaks a rule
   */
  read(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < 2) return 0
    const second = bytes[at + 1]!
    const short = second & ~MASK
    this.#checkSecond(second, short)
    let length = 2
    let size = short
    if (short > shortest) {
      length = short === twoBytes ? 4 : 10
      if (end - at < length) return 0
      size = short === twoBytes ? (bytes[at + 2]! << 8) | bytes[at + 3]! : longSize(bytes, at + 2)
      // §5.2: "the minimal number of bytes MUST be used to encode the length". Chromium refuses others too,
      // and no sender that follows the RFC makes them.
      if (size < (short === twoBytes ? twoBytes : leastOfEight)) {
        throw faulty(`A length of ${size} is not in its shortest form`)
      }
    }
    this.size = size
    if (!this.#masked) return length
    if (end - at < length + 4) return 0
    this.key = wordAt(bytes, at + length)
    return length + 4
  }

  #checkSecond(second: number, short: number): void {
    if ((second & MASK) === 0 && this.#masked) throw faulty('A frame of a client is not masked')
    if ((second & MASK) !== 0 && !this.#masked) throw faulty('A frame of a server is masked')
    if (this.opcode < opcodes.close) return
    if (short > shortest) throw faulty(`A control frame has more than ${shortest} bytes`)
    if (this.opcode === opcodes.close && short === 1) throw faulty('A close frame has one byte')
  }
}

function longSize(bytes: Uint8Array, at: number): number {
  const high = wordAt(bytes, at)
  // §5.2: "the most significant bit MUST be 0".
  if ((high & 0x80) !== 0) throw faulty('A length has its highest bit set')
  return bigEndian(bytes, at) * half * 2 + bigEndian(bytes, at + 4)
}

function bigEndian(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x100_0000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)
}

/** Four bytes, the first one the lowest. */
function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
