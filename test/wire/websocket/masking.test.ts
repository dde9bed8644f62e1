import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mask, notASCII, rotated } from '../../../src/wire/websocket/masking.ts'

/** RFC 6455 §5.3, word for word. */
function transformed(bytes: Uint8Array, key: number): Uint8Array {
  return bytes.map((byte, i) => byte ^ ((key >>> ((i % 4) * 8)) & 0xff))
}

describe('mask()', () => {
  test('mask() does what RFC 6455 §5.3 says, wherever the bytes lie, and nothing beside them', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600 }),
        fc.integer(),
        fc.nat(7),
        (payload, key, offset) => {
          const held = new Uint8Array(payload.length + offset + 5).fill(0x2a)
          const bytes = held.subarray(offset)
          bytes.set(payload, 1)
          const high = mask(bytes, 1, 1 + payload.length, key)
          const expected = transformed(payload, key)
          expect(bytes.slice(1, 1 + payload.length)).toEqual(expected)
          expect(high === 0).toBe(expected.every((byte) => byte < 0x80))
          expect(
            held
              .filter((_, i) => i <= offset || i > offset + payload.length)
              .every((byte) => byte === 0x2a),
          ).toBe(true)
        },
      ),
    )
  })

  test('mask() in two steps is the same as in one, with the key rotated()', () => {
    const payload = Uint8Array.from({ length: 400 }, (_, i) => i * 7)
    for (let cut = 0; cut <= payload.length; cut++) {
      const bytes = payload.slice()
      mask(bytes, 0, cut, 0x8123_4567 | 0)
      mask(bytes, cut, bytes.length, rotated(0x8123_4567 | 0, cut))
      expect(bytes).toEqual(transformed(payload, 0x8123_4567 | 0))
    }
  })
})

describe('notASCII()', () => {
  test.each([0, 1, 31, 95, 96, 300])('notASCII() sees one byte among %s', (length) => {
    for (let at = 0; at < length; at++) {
      const bytes = new Uint8Array(length).fill(0x61)
      expect(notASCII(bytes, 0, length)).toBe(0)
      bytes[at] = 0x80
      expect(notASCII(bytes, 0, length)).not.toBe(0)
      expect(notASCII(bytes, at + 1, length)).toBe(0)
    }
    expect(notASCII(new Uint8Array(0), 0, 0)).toBe(0)
  })
})
