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
  // As a browser asks.
  'GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\nOrigin: https://example.com\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\nCookie: a=b; GET=GET \r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n',
  'GET / HTTP/1.1\r\nhost: a\r\nx-tab: a\tb\r\nx-phrases: GET GET \r\nx-regex: .0.0.0 Safari/537.36 .+*?^${}()|[]\\\r\n\r\n',
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
