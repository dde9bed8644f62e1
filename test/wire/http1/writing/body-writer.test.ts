import { describe, expect, test } from 'vitest'
import { BodyLength, chunkHead, chunkTail, lastChunk } from 'spool/wire'

describe('the chunked coding', () => {
  test('chunkHead() writes the size in hexadecimal digits', () => {
    expect(chunkHead(26) + 'a'.repeat(26) + chunkTail).toBe(`1a\r\n${'a'.repeat(26)}\r\n`)
  })

  test.each([0, -1, 1.5, 2 ** 53])('chunkHead() refuses the size %d', (size) => {
    expect(() => chunkHead(size)).toThrow(RangeError)
  })

  test('lastChunk() ends the body, with trailers or without', () => {
    expect(lastChunk()).toBe('0\r\n\r\n')
    expect(lastChunk([])).toBe('0\r\n\r\n')
    expect(lastChunk(['A', 'b', 'C', 'd'])).toBe('0\r\nA: b\r\nC: d\r\n\r\n')
  })

  test.each(['Content-Length', 'transfer-encoding', 'Host', 'Set-Cookie', 'content-type'])(
    'lastChunk() refuses %s as a trailer (RFC 9110 §6.5.1)',
    (name) => {
      expect(() => lastChunk(['A', 'b', name, '1'])).toThrow(`Field "${name}" can't be a trailer`)
    },
  )

  test('lastChunk() refuses a trailer that would end its line', () => {
    expect(() => lastChunk(['A', 'b\r\n\r\nGET / HTTP/1.1'])).toThrow('control')
  })
})

describe('BodyLength', () => {
  test('BodyLength takes as many bytes as promised', () => {
    const length = new BodyLength(5)
    length.add(2)
    length.add(0)
    length.add(3)
    length.end()
    expect(length.written).toBe(5)
  })

  test('BodyLength.add() refuses a byte more, and does not count it', () => {
    const length = new BodyLength(5)
    length.add(5)
    expect(() => length.add(1)).toThrow(
      'Body is longer than its Content-Length: 6 bytes, 5 promised',
    )
    expect(length.written).toBe(5)
  })

  test('BodyLength.end() refuses a byte less', () => {
    const length = new BodyLength(5)
    length.add(4)
    expect(() => length.end()).toThrow(
      'Body is shorter than its Content-Length: 4 bytes, 5 promised',
    )
  })

  test('BodyLength may be 0', () => {
    const length = new BodyLength(0)
    expect(() => length.add(1)).toThrow('1 bytes, 0 promised')
    length.end()
    expect(length.written).toBe(0)
  })

  test.each([-1, 1.5, 2 ** 53])('BodyLength refuses %d as a length', (promised) => {
    expect(() => new BodyLength(promised)).toThrow(RangeError)
  })
})
