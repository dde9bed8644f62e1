import { describe, expect, test } from 'vitest'
import { closePayload } from '../../../src/wire/websocket/close-payload.ts'
import { type WrittenFrame, writeFrame } from '../../../src/wire/websocket/frame-writer.ts'
import { FIN, opcodes, RSV1 } from '../../../src/wire/websocket/opcodes.ts'
import { framesOf } from '../../support/websocket-frames.ts'
import { bytesOf } from './recording.ts'

const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]

describe('writeFrame()', () => {
  test.each(lengths)(
    'writeFrame() writes %s bytes as text and as bytes, masked and not',
    (length) => {
      const text = 'x'.repeat(length)
      for (const key of [undefined, 0, 0x1234_5678, -2]) {
        for (const data of [text, Buffer.from(text)]) {
          const { frames, rest } = framesOf(
            bytesOf(writeFrame(FIN | opcodes.text, data, length, key)),
          )
          expect(rest.length).toBe(0)
          expect(frames).toEqual([
            {
              fin: true,
              rsv: 0,
              opcode: opcodes.text,
              masked: key !== undefined,
              payload: Buffer.from(text),
            },
          ])
        }
      }
    },
  )

  test('writeFrame() writes text that is not ASCII', () => {
    const text = 'κόσμε \ud800 😀'
    for (const key of [undefined, 7]) {
      const size = Buffer.byteLength(text)
      const { frames } = framesOf(bytesOf(writeFrame(opcodes.text | RSV1, text, size, key)))
      expect(frames).toMatchObject([{ fin: false, rsv: 4, payload: Buffer.from(text) }])
    }
  })

  test('writeFrame() leaves the bytes alone that it is given', () => {
    const bytes = Buffer.alloc(200, 'abc')
    writeFrame(FIN | opcodes.binary, bytes, bytes.length, 0x0102_0304)
    expect(bytes.equals(Buffer.alloc(200, 'abc'))).toBe(true)
  })

  test('writeFrame() copies a large body behind no head', () => {
    const bytes = Buffer.alloc(65_536)
    const written: WrittenFrame = writeFrame(FIN | opcodes.binary, bytes, bytes.length, undefined)
    expect([Array.isArray(written), written[1]]).toEqual([true, bytes])
  })
})

test('closePayload() writes a code and a reason, or nothing', () => {
  expect(Buffer.from(closePayload(1000, 'é'))).toEqual(Buffer.from([3, 232, 0xc3, 0xa9]))
  expect(closePayload(undefined, '').length).toBe(0)
})
