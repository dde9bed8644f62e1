import { randomBytes } from 'node:crypto'
import { Duplex } from 'node:stream'
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { SpoolError } from 'spool'
import { settle } from 'spool/testing'
import { ProtocolError } from 'spool/wire'
import { knownCodings } from '../../../src/http/compression.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { OwnScope } from '../support/own-scope.ts'
import { someTurns, turnUntil } from '../../support/open-resources.ts'
import { rejectionOf } from '../../support/rejection.ts'
import { answer, checkNothingLeft, MemoryFixture } from '../support/memory-server.ts'

const text = 'Hello, world! Grüße. '.repeat(2000)

const codings: readonly [name: string, coding: string, encode: (bytes: Buffer) => Buffer][] = [
  ['gzip', 'gzip', (bytes) => gzipSync(bytes)],
  ['x-gzip', 'X-GZip', (bytes) => gzipSync(bytes)],
  ['deflate', 'deflate', (bytes) => deflateSync(bytes)],
  ['bare deflate', 'deflate', (bytes) => deflateRawSync(bytes)],
  ['br', 'br', (bytes) => brotliCompressSync(bytes)],
  ['zstd', 'zstd', (bytes) => zstdCompressSync(bytes)],
]

function encoded(body: Uint8Array, coding: string, pair = {}, options = {}): MemoryFixture {
  const script = answer(body, { fields: `Content-Encoding: ${coding}\r\n` })
  return new MemoryFixture(script, options, pair)
}

// With Node.js 22 zstd is left as it is.
const known = codings.filter(([, coding]) => knownCodings(coding) !== undefined)

describe.each(known)('a response in %s', (_, coding, encode) => {
  const body = encode(Buffer.from(text))

  it('is undone, however it comes', async () => {
    for (const chunkSize of [1, 100, 100_000]) {
      await using fixture = encoded(body, coding, { chunkSize, shared: true })
      const { session } = fixture
      expect(await session.get('/').text()).toBe(text)
      const response = await session.get('/')
      expect(await response.text()).toBe(text)
      expect(response.headers.get('content-encoding')).toBe(coding)
      const pieces: Buffer[] = []
      for await (const chunk of (await session.get('/')).body) pieces.push(Buffer.from(chunk))
      expect(Buffer.concat(pieces).toString()).toBe(text)
      expect(fixture.server.peers).toHaveLength(1)
    }
  })

  it('may be empty', async () => {
    await using fixture = encoded(new Uint8Array(0), coding)
    expect(await fixture.session.get('/').text()).toBe('')
    expect(await (await fixture.session.get('/')).text()).toBe('')
  })

  it('fails when it is cut off', async () => {
    await using fixture = encoded(body.subarray(0, -6), coding)
    const error = await rejectionOf(fixture.session.get('/').text())
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ origin: 'remote', code: 'SPOOL_REMOTE_PROTOCOL' })
    expect((error as Error).message).toContain('GET http://test/ failed')
    expect((error as Error).message).toContain('decompress')
    expect((error as Error).cause).toBeInstanceOf(Error)
  })

  it('fails when it is garbage, and the connection is given up', async () => {
    const fixture = new MemoryFixture((peer) => {
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: 99999\r\nContent-Encoding: ${coding}\r\n\r\n`)
      peer.send(Buffer.alloc(1000, 0xee))
    })
    const error = await rejectionOf(fixture.session.get('/').text())
    expect(error).toBeInstanceOf(ProtocolError)
    await checkNothingLeft(fixture)
  })

  it('that is a bomb is refused when it is too large, and decompressed no further', async () => {
    const bomb = encode(Buffer.alloc(50_000_000))
    for (const complete of [true, false]) {
      const fixture = new MemoryFixture((peer) => {
        const length = complete ? bomb.byteLength : bomb.byteLength + 1
        peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n`)
        peer.send(`Content-Encoding: ${coding}\r\n\r\n`)
        peer.send(bomb)
      })
      const before = process.memoryUsage().arrayBuffers
      const failure = rejectionOf(fixture.session.get('/', { maxResponseSize: 100_000 }).text())
      const error = await failure
      expect(SpoolError.hasCode(error, 'SPOOL_BODY_TOO_LARGE')).toBe(true)
      expect((error as Error).message).toContain('100000 bytes')
      // It would be 50 MB if all of it were there.
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
      await fixture.session.close()
      await checkNothingLeft(fixture)
    }
  })
})

describe('a compressed response', () => {
  it('is given as it is where "decompress" is false', async () => {
    const body = gzipSync(text)
    await using fixture = new MemoryFixture(async (peer) => {
      const request = await peer.request()
      expect(request.headers).not.toHaveProperty('accept-encoding')
      peer.respond(body, { fields: 'Content-Encoding: gzip\r\n' })
    })
    const bytes = await fixture.session.get('/', { decompress: false }).bytes()
    expect(Buffer.from(bytes)).toEqual(body)
  })

  it('in a coding that is not known is given as it is', async () => {
    await using fixture = encoded(Buffer.from('abc'), 'compress')
    const response = await fixture.session.get('/')
    expect(response.headers.get('content-encoding')).toBe('compress')
    expect(await response.text()).toBe('abc')
  })

  it('to HEAD is none', async () => {
    await using fixture = new MemoryFixture((peer) => {
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Encoding: gzip\r\n\r\n')
    })
    const response = await fixture.session.head('/')
    expect(await response.bytes()).toHaveLength(0)
  })

  it('whose length is the limit is not refused', async () => {
    await using fixture = encoded(gzipSync(Buffer.alloc(5000)), 'gzip')
    const { session } = fixture
    expect(await session.get('/', { maxResponseSize: 5000 }).bytes()).toHaveLength(5000)
    const error = await rejectionOf(session.get('/', { maxResponseSize: 4999 }).bytes())
    expect(SpoolError.hasCode(error, 'SPOOL_BODY_TOO_LARGE')).toBe(true)
  })

  it('stops to come in while nobody reads it', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000))
    const fixture = encoded(bomb, 'gzip', { chunkSize: 1000 })
    const response = await fixture.session.get('/')
    await settle()
    await settle()
    expect(response.body.queued).toBeLessThan(200_000)
    await response.close()
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })

  it('that does not shrink slows the server down while nobody reads it', async () => {
    const size = 1_000_000
    const plain = randomBytes(size)
    await using fixture = encoded(gzipSync(plain), 'gzip', { chunkSize: 10_000 })
    const response = await fixture.session.get('/')
    await turnUntil(() => fixture.server.peers[0]?.paused === true)
    await someTurns(20)
    expect(response.body.queued).toBeLessThan(150_000)
    expect(fixture.session.statistics()).toMatchObject({ active: 1 })
    expect(plain.equals(await response.bytes())).toBe(true)
  })

  it('is read to its end by a slow reader', async () => {
    const size = 2_000_000
    await using fixture = encoded(gzipSync(Buffer.alloc(size)), 'gzip', { chunkSize: 100 })
    let read = 0
    for await (const chunk of (await fixture.session.get('/')).body) {
      read += chunk.byteLength
      if (read % 8 === 0) await settle()
    }
    expect(read).toBe(size)
  })

  it('is not decompressed on when its scope is cancelled', async () => {
    // All of it is there before the first byte is decompressed.
    const fixture = encoded(gzipSync(Buffer.alloc(30_000_000)), 'gzip')
    using scope = new OwnScope()
    const failure = runInScope(scope, () => rejectionOf(fixture.session.get('/').bytes()))
    await turnUntil(() => fixture.session.statistics().active === 0)
    scope.cancel()
    expect(await failure).toMatchObject({ code: 'SPOOL_CANCELLED' })
    expect(scope.empty).toBe(true)
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })

  it('is not decompressed on when it is released', async () => {
    const fixture = encoded(gzipSync(Buffer.alloc(30_000_000)), 'gzip')
    const response = await fixture.session.get('/')
    await turnUntil(() => response.body.queued > 0)
    await response.close()
    expect(await rejectionOf(response.bytes())).toMatchObject({ code: expect.any(String) })
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })
})

describe('a response in several codings', () => {
  const body = brotliCompressSync(gzipSync(deflateSync(text)))

  it('is undone, the last one first, however it comes', async () => {
    for (const chunkSize of [1, 100, 100_000]) {
      await using fixture = encoded(body, 'deflate, identity, GZIP, br', { chunkSize })
      const { session } = fixture
      expect(await session.get('/').text()).toBe(text)
      expect(await (await session.get('/')).text()).toBe(text)
      expect(fixture.server.peers).toHaveLength(1)
    }
  })

  it('is undone where each stands in a field of its own', async () => {
    await using fixture = encoded(body, 'deflate\r\nContent-Encoding: gzip, br')
    expect(await fixture.session.get('/').text()).toBe(text)
  })

  it('is given as it is where one of them is not known', async () => {
    await using fixture = encoded(Buffer.from('abc'), 'compress, gzip')
    expect(await fixture.session.get('/').text()).toBe('abc')
  })

  it('fails when what the last one holds is not the next', async () => {
    const fixture = encoded(gzipSync('no brotli'), 'br, gzip')
    const error = await rejectionOf(fixture.session.get('/').text())
    expect(error).toMatchObject({ code: 'SPOOL_REMOTE_PROTOCOL' })
    expect((error as Error).message).toContain('as br')
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })

  it('that is a bomb is refused by what came over the wire', async () => {
    // 100 MB of zeros: a thousandfold in each of them.
    const bomb = gzipSync(gzipSync(Buffer.alloc(100_000_000)))
    expect(bomb.byteLength).toBeLessThan(5_000)
    const fixture = encoded(bomb, 'gzip, gzip')
    const response = await fixture.session.get('/')
    let read = 0
    const error = await rejectionOf(
      (async () => {
        for await (const chunk of response.body) read += chunk.byteLength
      })(),
    )
    expect(error).toMatchObject({ code: 'SPOOL_BODY_TOO_LARGE' })
    expect(read).toBeLessThan(66 * 2 ** 20)
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })

  it('is not decompressed on when its scope is cancelled', async () => {
    const fixture = encoded(gzipSync(gzipSync(Buffer.alloc(30_000_000))), 'gzip, gzip')
    using scope = new OwnScope()
    const failure = runInScope(scope, () => rejectionOf(fixture.session.get('/').bytes()))
    await turnUntil(() => fixture.session.statistics().active === 0)
    scope.cancel()
    expect(await failure).toMatchObject({ code: 'SPOOL_CANCELLED' })
    expect(scope.empty).toBe(true)
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })
})

it('a compressed body in chunks of one byte is not decompressed byte by byte', async () => {
  const plain = randomBytes(20_000)
  const chunks = Array.from(gzipSync(plain).toString('latin1'), (byte) => `1\r\n${byte}\r\n`)
  await using fixture = new MemoryFixture((peer) => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n'
    peer.send(Buffer.from(`${head}${chunks.join('')}0\r\n\r\n`, 'latin1'))
  })
  const writes = vi.spyOn(Duplex.prototype, 'write')
  const body = await fixture.session.get('/').bytes()
  const count = writes.mock.calls.length
  writes.mockRestore()
  expect(plain.equals(body)).toBe(true)
  expect(count).toBeGreaterThan(0)
  expect(count).toBeLessThan(200)
})

describe('"maxResponseSize"', () => {
  it('holds for a plain body, by its length before a byte of it is read', async () => {
    const fixture = new MemoryFixture((peer) => {
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n')
    })
    const error = await rejectionOf(fixture.session.get('/', { maxResponseSize: 1000 }).text())
    expect(SpoolError.hasCode(error, 'SPOOL_BODY_TOO_LARGE')).toBe(true)
    expect((error as Error).message).toContain('GET http://test/')
    await checkNothingLeft(fixture)
  })

  it('holds for a plain body whose length is not said', async () => {
    const fixture = new MemoryFixture((peer) => {
      peer.send(`HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(1001)}`)
    })
    const { session } = fixture
    for (const read of [
      () => session.get('/', { maxResponseSize: 1000 }).text(),
      async () => {
        const response = await session.get('/', { maxResponseSize: 1000 })
        return response.bytes()
      },
      async () => {
        const response = await session.get('/', { maxResponseSize: 1000 })
        let read = 0
        for await (const chunk of response.body) read += chunk.byteLength
        return read
      },
    ]) {
      const error = await rejectionOf(read())
      expect(SpoolError.hasCode(error, 'SPOOL_BODY_TOO_LARGE')).toBe(true)
    }
    await checkNothingLeft(fixture)
  })

  it('says nothing of the length of a body that there is not', async () => {
    await using fixture = new MemoryFixture((peer) => {
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n')
    })
    const response = await fixture.session.head('/', { maxResponseSize: 1000 })
    expect(response.status).toBe(200)
  })
})
