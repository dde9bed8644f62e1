import { type ResponseHead, ResponseParser } from 'spool/wire'
import { expect, test } from 'vitest'

function headOf(...lines: string[]): ResponseHead {
  let found: ResponseHead | undefined
  const parser = new ResponseParser({
    informational: () => undefined,
    head: (head) => {
      found = head
    },
    body: () => undefined,
    end: () => undefined,
  })
  parser.start('GET')
  parser.feed(Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
  return found as ResponseHead
}

test('ResponseParser finds what a client looks for, and remembers nothing of the head before', () => {
  expect(
    headOf('LOCATION: /a', 'location: /b', 'Content-Encoding: gzip', 'x: y', 'Set-cookie: a=b'),
  ).toMatchObject({
    location: '/a',
    contentEncoding: 'gzip',
    contentType: undefined,
    keepAliveTerms: undefined,
    setsCookies: true,
  })
  expect(
    headOf('content-encoding:gzip', 'Keep-Alive: timeout=5 ', 'content-Encoding: br'),
  ).toMatchObject({
    location: undefined,
    contentType: undefined,
    contentEncoding: 'gzip, br',
    keepAliveTerms: 'timeout=5',
    setsCookies: false,
  })
})

test.each(['a/b', 'text/plain; charset=utf-8', 'a/b', 'a/bc', 'a/b', ''])(
  'ResponseParser tells the content type "%s" after others',
  (type) => {
    const head = headOf(`content-type: ${type}`, 'content-typo: c/d', 'Content-Type: later')
    expect(head.contentType).toBe(type)
    expect(head.contentEncoding).toBeUndefined()
    const names = ['content-type', 'content-typo', 'Content-Type']
    const values = [type, 'c/d', 'later']
    expect(head.fields).toEqual(names.flatMap((name, index) => [name, values[index]]))
  },
)

test('ResponseParser takes the reason as it is', () => {
  expect(headOf('a: b').reason).toBe('OK')
})
