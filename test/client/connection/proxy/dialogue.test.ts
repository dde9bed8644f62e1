/** The dialogues with proxies over memory: cut at every place, broken off, and answered wrongly. */
import { describe, expect, test } from 'vitest'
import { CancelledError } from 'spool'
import { runInScope } from '../../../../src/concurrency/scope/context.ts'
import { openTunnel } from '../../../../src/client/connection/proxy/http-tunnel.ts'
import { ProxyServer } from '../../../../src/client/connection/proxy/proxy-server.ts'
import { connectBySOCKS } from '../../../../src/client/connection/proxy/socks5.ts'
import { memoryPair, type MemoryTransport } from '../../../../src/io/memory-transport.ts'
import { settle } from '../../../../src/testing/settle.ts'
import { record, type RecordingSink } from '../../../support/recording-sink.ts'
import { rejectionOf } from '../../../support/rejection.ts'
import { OwnScope } from '../../support/own-scope.ts'

const http = new ProxyServer('http://proxy.test')
const socks = new ProxyServer('socks5h://ada:pw@proxy.test')

const sizes = [1, 2, 7, Infinity]

function pair(chunkSize = Infinity): [MemoryTransport, MemoryTransport, RecordingSink] {
  const [client, server] = memoryPair({ chunkSize, shared: true })
  return [client, server, record(server)]
}

/** What comes to whoever takes the transport over. */
async function rest(client: MemoryTransport): Promise<string> {
  const sink = record(client)
  await settle()
  return Buffer.concat(sink.chunks).toString('latin1')
}

describe('openTunnel()', () => {
  test.each(sizes)('hands on what comes behind the answer, in chunks of %s', async (chunkSize) => {
    const [client, server, sink] = pair(chunkSize)
    const opened = openTunnel(client, http, 'a.test:443')
    await sink.until(({ byteCount }) => byteCount >= 49)
    expect(Buffer.concat(sink.chunks).toString()).toBe(
      'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n',
    )
    server.write('HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n')
    server.write('Content-Length: 5\r\n\r\nhello, tunnel')
    await opened
    expect(await rest(client)).toBe('hello, tunnel')
  })

  test.each([
    ['HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\nno', 'it answered 502 Bad Gateway'],
    ['HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\n\r\n', 'it answered 302 Found'],
    ['HTTP/1.1 407 \r\n\r\n', 'it answered 407'],
    [`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(100_000)}`, /./],
    ['220 smtp.test ESMTP\r\n', /./],
  ])('refuses %j', async (answer, message) => {
    const [client, server] = pair()
    const failure = rejectionOf(openTunnel(client, http, 'a.test:443'))
    server.write(answer)
    expect(await failure).toMatchObject({ message: expect.stringMatching(message) })
  })

  test('fails when the proxy leaves, inside its answer too', async () => {
    for (const bytes of ['', 'HTTP/1.1 200']) {
      const [client, server] = pair()
      const failure = rejectionOf(openTunnel(client, http, 'a.test:443'))
      server.write(bytes)
      server.end()
      expect(await failure).toMatchObject({ message: 'it closed the connection' })
    }
    const [client, server] = pair()
    const failure = rejectionOf(openTunnel(client, http, 'a.test:443'))
    server.reset()
    expect(await failure).toMatchObject({ code: 'SPOOL_BROKEN' })
  })
})

describe('connectBySOCKS()', () => {
  test.each(sizes)('speaks the whole dialogue, in chunks of %s', async (chunkSize) => {
    for (const [type, bound] of [
      [1, 'abcd'],
      [3, '\x03xyz'],
      [4, '0123456789abcdef'],
    ] as const) {
      const [client, server, sink] = pair(chunkSize)
      const opened = connectBySOCKS(client, socks, 'a.test', 443)
      await sink.until(({ byteCount }) => byteCount >= 4)
      server.write('\x05\x02')
      await sink.until(({ byteCount }) => byteCount >= 4 + 8)
      server.write('\x01\x00')
      await sink.until(({ byteCount }) => byteCount >= 4 + 8 + 13)
      server.write(`\x05\x00\x00${String.fromCharCode(type)}${bound}\x12\x34hello`)
      await opened
      expect(Buffer.concat(sink.chunks).toString('latin1')).toBe(
        '\x05\x02\x02\x00\x01\x03ada\x02pw\x05\x01\x00\x03\x06a.test\x01\xbb',
      )
      expect(await rest(client)).toBe('hello')
    }
  })

  test('sends addresses as what they are', async () => {
    for (const [host, expected] of [
      ['127.0.0.1', '\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50'],
      ['::1', `\x05\x01\x00\x04${'\x00'.repeat(15)}\x01\x00\x50`],
    ] as const) {
      const [client, server, sink] = pair()
      const opened = connectBySOCKS(client, socks, host, 80)
      // It may have no need of a password.
      server.write('\x05\x00')
      await sink.until(({ byteCount }) => byteCount >= 4 + expected.length)
      expect(Buffer.concat(sink.chunks).toString('latin1').slice(4)).toBe(expected)
      server.write('\x05\x00\x00\x01abcd\x00\x00')
      await opened
    }
  })

  test.each([
    ['\x04\x00', 'it does not speak SOCKS 5'],
    ['\x05\xff', 'it takes no user name and password'],
    ['\x05\x01', 'it takes no user name and password'],
    ['\x05\x02\x01\x01', 'it does not accept the user name and password'],
    ['\x05\x00\x05\x01\x00\x01abcd\x00\x00', 'it answered: general failure'],
  ])('refuses %j', async (answer, message) => {
    const [client, server] = pair(1)
    const failure = rejectionOf(connectBySOCKS(client, socks, 'a.test', 80))
    server.write(answer)
    expect(await failure).toMatchObject({ message })
  })

  test('has no names of more than 255 bytes', async () => {
    const [client, server] = pair()
    const failure = rejectionOf(connectBySOCKS(client, socks, 'x'.repeat(256), 80))
    server.write('\x05\x00')
    expect(await failure).toMatchObject({ message: 'the name has 256 bytes, 255 at most' })
  })
})

test('a dialogue that is cancelled leaves nothing in its scope', async () => {
  using scope = new OwnScope()
  const [client] = pair()
  const failure = runInScope(scope, () => rejectionOf(openTunnel(client, http, 'a.test:443')))
  await settle()
  scope.cancel()
  expect(await failure).toBeInstanceOf(CancelledError)
  expect(scope.empty).toBe(true)
})
