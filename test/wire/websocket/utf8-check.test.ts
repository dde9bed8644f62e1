import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UTF8Check } from '../../../src/wire/websocket/utf8-check.ts'

/** What a check says of pieces; `undefined` if it says no before the end. */
function check(pieces: readonly Uint8Array[]): boolean | undefined {
  const one = new UTF8Check()
  for (const piece of pieces) {
    const plain = piece.every((byte) => byte < 0x80)
    if (!one.add(piece, 0, piece.length, plain)) return undefined
  }
  return one.whole
}

/** Whether anything can stand behind the bytes that makes text of them: the oracle, by trying. */
function canBecomeText(bytes: Uint8Array): boolean {
  const ends = ['', '80', 'bf', '8080', '9080', 'a080', 'bfbf', '808080', '908080', 'a08080']
  return ends.some((end) => isUtf8(Buffer.concat([bytes, Buffer.from(end, 'hex')])))
}

describe('UTF8Check', () => {
  test('UTF8Check takes every character in every piece', () => {
    for (let code = 0; code <= 0x10_ffff; code += code < 0x900 ? 1 : 61) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const bytes = Buffer.from(String.fromCodePoint(code))
      expect([check([bytes]), check([...bytes].map((byte) => Uint8Array.of(byte)))]).toEqual([
        true,
        true,
      ])
    }
  })

  test('UTF8Check says of two bytes, and of three, what Node.js says of them', () => {
    for (let first = 0x80; first <= 0xff; first++) {
      for (let second = 0x60; second <= 0xff; second++) {
        const bytes = Uint8Array.of(first, second)
        expect(check([bytes]) !== undefined, `${first} ${second}`).toBe(canBecomeText(bytes))
        expect(check([bytes]) === true).toBe(isUtf8(bytes))
      }
    }
  })

  test('UTF8Check says the same wherever the bytes are cut', () => {
    const text = fc.string({ unit: 'binary' }).map((one) => Buffer.from(one))
    const bytes = fc.oneof(
      text,
      fc.uint8Array(),
      fc.tuple(text, fc.uint8Array({ maxLength: 4 }), text).map((parts) => Buffer.concat(parts)),
    )
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(), (all, one, two) => {
        const [from, to] = [one % (all.length + 1), two % (all.length + 1)].toSorted(
          (a, b) => a - b,
        )
        const expected = canBecomeText(all) ? isUtf8(all) : undefined
        expect(check([all])).toBe(expected)
        expect(check([all.subarray(0, from), all.subarray(from, to), all.subarray(to)])).toBe(
          expected,
        )
        expect(check([...all].map((byte) => Uint8Array.of(byte)))).toBe(expected)
      }),
    )
  })

  test('UTF8Check.ascii is true as long as there is nothing else', () => {
    const one = new UTF8Check()
    one.add(Buffer.from('abc'), 0, 3, true)
    expect(one.ascii).toBe(true)
    one.add(Buffer.from('é'), 0, 1, false)
    expect([one.ascii, one.whole]).toEqual([false, false])
  })
})
