/** What a frame is (RFC 6455 §5.2). */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** The bits of a frame's first byte beside its opcode. */
export const FIN = 0x80
export const RSV1 = 0x40
export const RSV2_AND_3 = 0x30

/** Of its second byte. */
export const MASK = 0x80

/** RFC 6455 §5.5: what a control frame may hold, and what a length in seven bits can say. */
export const shortest = 125
