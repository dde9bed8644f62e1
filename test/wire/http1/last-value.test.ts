import { describe, expect, test } from 'vitest'
import { ProtocolError, type RequestHead, RequestParser } from 'spool/wire'

const heads: RequestHead[] = []
const parser = (): RequestParser =>
  new RequestParser({ head: (head) => void heads.push(head), body() {}, end() {} })

function read(...fields: string[]): RequestHead {
  parser().feed(Buffer.from(['GET / HTTP/1.1', ...fields, '', ''].join('\r\n'), 'latin1'))
  return heads.pop()!
}

describe('A value that is remembered for the next head', () => {
  test('is told apart from another one of its length, and from a part of it', () => {
    for (const host of [
      'a.example',
      'b.example',
      'a.example',
      'a.example:1',
      'a',
      '',
      'a.example',
    ]) {
      for (const type of ['text/html', 'text/xhtm', '', 'text/html ', 'text/é']) {
        const head = read(`Host: ${host}`, `Content-Type: ${type}`)
        expect(head.host).toBe(host)
        expect(head.contentType).toBe(type.trimEnd())
      }
    }
  })

  test('is not remembered if it was refused', () => {
    for (let count = 0; count < 2; count++) {
      expect(() => read('Host: a b')).toThrow(ProtocolError)
      expect(read('Host: a.b').host).toBe('a.b')
    }
  })

  test('may be as long as a head allows, and have the name of anything', () => {
    const long = 'x'.repeat(5_000)
    for (const type of [long, '__proto__', '17', long, 'constructor']) {
      expect(read('Host: a', `Content-Type: ${type}`).contentType).toBe(type)
    }
  })

  test('is the same whether its head comes whole or byte by byte', () => {
    const bytes = Buffer.from(
      'GET / HTTP/1.1\r\nhOsT: c.example\r\ncontent-TYPE: a/b\r\n\r\n',
      'latin1',
    )
    const reader = parser()
    for (const [at] of bytes.entries()) reader.feed(bytes.subarray(at, at + 1))
    reader.feed(bytes)
    expect(heads.splice(0).map(({ host, contentType }) => [host, contentType])).toEqual([
      ['c.example', 'a/b'],
      ['c.example', 'a/b'],
    ])
  })
})
