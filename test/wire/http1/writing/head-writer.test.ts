import { describe, expect, test } from 'vitest'
import { type FieldList, writeFields, writeRequestHead, writeResponseHead } from 'spool/wire'

const host: FieldList = ['Host', 'a.example']
const local = { code: 'SPOOL_LOCAL_PROTOCOL', origin: 'local', statusHint: 500 }

describe('writeRequestHead()', () => {
  test('writeRequestHead() writes request line, fields and empty line', () => {
    expect(writeRequestHead('GET', '/a?b', [...host, 'X', '', 'Y', 'c: d'])).toBe(
      'GET /a?b HTTP/1.1\r\nHost: a.example\r\nX: \r\nY: c: d\r\n\r\n',
    )
  })

  test('writeRequestHead() counts no other name of four letters as Host', () => {
    expect(writeRequestHead('GET', '/', [...host, 'From', 'a@b'])).toMatch(/^From: a@b\r$/m)
  })

  test('writeRequestHead() sends a backslash as it is', () => {
    expect(writeRequestHead('GET', '/a\\b', host)).toMatch(/^GET \/a\\b HTTP/)
  })

  test.each(['', 'GET ', 'G\r\nT', 'GÉT', 'G\u0100T'])(
    'writeRequestHead() refuses %j as a method',
    (method) => {
      expect(() => writeRequestHead(method, '/', host)).toThrow(
        expect.objectContaining({
          ...local,
          message: `Method ${JSON.stringify(method)} is not a token`,
        }),
      )
    },
  )

  test.each(['', '/a b', '/a\r\nX: y', '/a#b', '/é', '/\u0100', '/\x7f', '/\\ '])(
    'writeRequestHead() refuses %j as a target',
    (target) => {
      expect(() => writeRequestHead('GET', target, host)).toThrow(expect.objectContaining(local))
    },
  )

  test.each([
    [[], 'Request has 0 Host fields instead of one'],
    [[...host, 'host', 'b'], 'Request has 2 Host fields instead of one'],
    [['Host', 'a/b'], 'Host "a/b" is not a host'],
  ])('writeRequestHead() refuses %j', (fields, message) => {
    expect(() => writeRequestHead('GET', '/', fields)).toThrow(message)
  })
})

describe('writeFields()', () => {
  test.each(['', 'a b', 'a:', 'a\r\nb', 'é', '\u0100'])(
    'writeFields() refuses %j as a name',
    (name) => {
      expect(() => writeFields([name, 'x'])).toThrow(expect.objectContaining(local))
    },
  )

  test.each(['a\r\nX: y', 'a\nb', 'a\rb', 'a\0', '\x1b', '\x7f', '€', ' a', 'a\t'])(
    'writeFields() refuses %j as a value',
    (value) => {
      expect(() => writeFields(['X', value])).toThrow(expect.objectContaining(local))
    },
  )

  test('writeFields() takes tabs and latin1 in a value', () => {
    expect(writeFields(['X', 'a\tb é\xff', 'X', 'c'])).toBe('X: a\tb é\xff\r\nX: c\r\n')
  })

  test('writeFields() shows no more than the beginning of a long value', () => {
    expect(() => writeFields(['X', `${'a'.repeat(1000)}\n`])).toThrow(
      `Field "X" has the value "${'a'.repeat(100)}…"`,
    )
  })
})

describe('writeResponseHead()', () => {
  test('writeResponseHead() knows the phrase, and writes none where there is none', () => {
    expect(writeResponseHead(200, undefined, [])).toBe('HTTP/1.1 200 OK\r\n\r\n')
    expect(writeResponseHead(299, undefined, ['A', 'b'])).toBe('HTTP/1.1 299 \r\nA: b\r\n\r\n')
    expect(writeResponseHead(200, undefined, [])).toBe('HTTP/1.1 200 OK\r\n\r\n')
  })

  test('writeResponseHead() takes every status from 100 to 599', () => {
    for (let status = 100; status < 600; status++) {
      expect(writeResponseHead(status, undefined, [])).toMatch(`HTTP/1.1 ${status} `)
    }
  })

  test('writeResponseHead() takes a phrase and a version', () => {
    expect(writeResponseHead(200, 'très bien', [], 0)).toBe('HTTP/1.0 200 très bien\r\n\r\n')
    expect(writeResponseHead(200, undefined, [], 0)).toBe('HTTP/1.0 200 OK\r\n\r\n')
    expect(writeResponseHead(200, '', [])).toBe('HTTP/1.1 200 \r\n\r\n')
    // What was said once is not said again.
    expect(writeResponseHead(200, undefined, [])).toBe('HTTP/1.1 200 OK\r\n\r\n')
  })

  test.each([99, 600, 200.5, Number.NaN])(
    'writeResponseHead() refuses %d as a status',
    (status) => {
      expect(() => writeResponseHead(status, undefined, [])).toThrow(
        `Status ${status} is not an integer from 100 to 599`,
      )
    },
  )

  test.each(['a\r\nX: y', 'a\0', '€'])('writeResponseHead() refuses %j as a reason', (reason) => {
    expect(() => writeResponseHead(200, reason, [])).toThrow(expect.objectContaining(local))
  })

  test.each([
    [['Content-Length', '1', 'content-length', '1'], 'Field "Content-Length" is repeated'],
    [['Content-Length', ''], 'Content-Length "" is not a length'],
    [['Content-Length', '-1'], 'Content-Length "-1" is not a length'],
    [['Content-Length', '9007199254740992'], 'is not a length'],
    [['Transfer-Encoding', 'gzip'], 'Transfer-Encoding can only be "chunked", once'],
    [['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'], 'once'],
    [
      ['Content-Length', '1', 'Transfer-Encoding', 'chunked'],
      'Message has both Content-Length and Transfer-Encoding',
    ],
  ])('writeResponseHead() refuses %j', (fields, message) => {
    expect(() => writeResponseHead(200, undefined, fields)).toThrow(message)
  })

  test.each([100, 101, 204])('writeResponseHead() refuses a body with status %d', (status) => {
    for (const fields of [
      ['Content-Length', '0'],
      ['Transfer-Encoding', 'chunked'],
    ]) {
      expect(() => writeResponseHead(status, undefined, fields)).toThrow(
        `Response with status ${status} can't have a body`,
      )
    }
  })

  test('writeResponseHead() refuses a coding in HTTP/1.0', () => {
    expect(() => writeResponseHead(200, undefined, ['Transfer-Encoding', 'chunked'], 0)).toThrow(
      'Response of HTTP/1.0 has a Transfer-Encoding',
    )
  })

  test('writeResponseHead() lets 304 tell the length that 200 would have (RFC 9110 §8.6)', () => {
    expect(writeResponseHead(304, undefined, ['Content-Length', '5'])).toMatch(
      /^Content-Length: 5/m,
    )
  })

  test('writeResponseHead() takes fields whose names are as long as those that frame', () => {
    const fields = ['Accept-Charset', 'a', 'X-Forwarded-Proto', 'b', 'Link', 'c']
    expect(writeResponseHead(204, undefined, fields)).toBe(
      'HTTP/1.1 204 No Content\r\nAccept-Charset: a\r\nX-Forwarded-Proto: b\r\nLink: c\r\n\r\n',
    )
  })
})
