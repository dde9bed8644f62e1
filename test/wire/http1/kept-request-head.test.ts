import { expect, test } from 'vitest'
import { KeptRequestHead } from '../../../src/wire/http1/head/kept-request-head.ts'
import { ReadRequestHead } from '../../../src/wire/http1/head/read-request-head.ts'
import type { RequestHead } from '../../../src/wire/http1/messages.ts'
import { RequestParser } from '../../../src/wire/http1/request-parser.ts'

const parts = [
  'method',
  'target',
  'minorVersion',
  'fields',
  'framing',
  'contentLength',
  'host',
  'keepAlive',
  'expectContinue',
  'upgrade',
  'contentType',
] as const

const long = 'x'.repeat(20_000)

test.each([
  'GET /chat?a=b HTTP/1.1\r\nHost: example.com:80\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  'POST http://other.example/ HTTP/1.1\r\nhost: other.example\r\ncontent-length: 12\r\nexpect: 100-continue\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n',
  'PUT / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nx-blanks:  \t b \t\r\nx-high: caf\xe9\r\n\r\n',
  'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  // Beyond what is allowed by default.
  `GET /${long} HTTP/1.1\r\nhost: a\r\n${`x-long: ${long}\r\n`.repeat(3)}\r\n`,
  `GET / HTTP/1.1\r\nhost: a\r\n${'a:b\r\n'.repeat(1_000)}\r\n`,
])('KeptRequestHead says what was read: %.60s', (text) => {
  let read: RequestHead | undefined
  const limit = 1_000_000
  const parser = new RequestParser(
    { head: (head) => void (read = head), body: () => undefined, end: () => undefined },
    { target: limit, head: limit, fields: 10_000 },
  )
  parser.feed(Buffer.from(text, 'latin1'))
  expect(read).toBeInstanceOf(ReadRequestHead)
  const kept = new KeptRequestHead((read as ReadRequestHead).text)
  for (const part of parts) expect([part, kept[part]]).toEqual([part, read?.[part]])
})
