/**
 * Frames of whole messages in one piece, made by `Sender.frame()`, which gives head and body apart: one
 * write costs less than two, and text that is ASCII becomes one string without ever being bytes of ours.
 */
import type { Codec } from './codec.ts'

/** RFC 6455 §5.2. */
export const opcodes = { text: 1, binary: 2, ping: 9, pong: 10 } as const

export type Opcode = (typeof opcodes)[keyof typeof opcodes]

// A body up to this size is copied behind its head, which costs less than two writes. A larger one is left
// with the transport until it has taken it: as much as this is always more than it takes at once.
const joinedLimit = 65_535

const kinds = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
// Made once: what makes frames only reads them. Nothing is masked in place, since the bytes are not ours.
const plainOptions = kinds.map((_, opcode) => options(opcode, false))
const maskedOptions = kinds.map((_, opcode) => options(opcode, true))

function options(
  opcode: number,
  mask: boolean,
): { fin: true; mask: boolean; opcode: number; readOnly: true; rsv1: false } {
  return { fin: true, mask, opcode, readOnly: true, rsv1: false }
}

// The heads of short texts, as latin1.
const shortest = 126
const shortHeads: string[] = []
// Only its length counts where nothing is masked.
let zeros: Uint8Array | undefined

/**
 * A frame with `data`, of `size` bytes, to be written as latin1 if it is a string; or its head and its body,
 * if it is too large to be copied.
 */
export function wholeFrame(
  { Sender }: Pick<Codec, 'Sender'>,
  opcode: Opcode,
  data: Uint8Array | string,
  size: number,
  masked: boolean,
): Uint8Array | string | [Uint8Array, Uint8Array] {
  // As many bytes as characters: all of it is ASCII.
  if (!masked && typeof data === 'string' && size === data.length && size <= joinedLimit) {
    return textHead(Sender, opcode, size) + data
  }
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  const [head, body] = Sender.frame(
    bytes,
    (masked ? maskedOptions : plainOptions)[opcode] as ReturnType<typeof options>,
  ) as [Uint8Array, Uint8Array | undefined]
  return body === undefined ? head : joined(head, body)
}

/** In one piece, unless it is too large to be copied. */
export function joined(head: Uint8Array, body: Uint8Array): Uint8Array | [Uint8Array, Uint8Array] {
  if (body.byteLength > joinedLimit) return [head, body]
  const frame = Buffer.allocUnsafe(head.byteLength + body.byteLength)
  frame.set(head, 0)
  frame.set(body, head.byteLength)
  return frame
}

function textHead(Sender: Codec['Sender'], opcode: Opcode, size: number): string {
  if (opcode !== opcodes.text || size >= shortest) return headOf(Sender, opcode, size)
  return (shortHeads[size] ??= headOf(Sender, opcode, size))
}

function headOf(Sender: Codec['Sender'], opcode: Opcode, size: number): string {
  zeros ??= new Uint8Array(joinedLimit)
  const [head] = Sender.frame(
    zeros.subarray(0, size),
    plainOptions[opcode] as ReturnType<typeof options>,
  )
  return (head as Buffer).toString('latin1')
}
