import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { MockTransport } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'

const undo = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }

describe('compress', () => {
  it.each(['gzip', 'br', 'zstd'] as const)('sends bodies in %s', async (compress) => {
    await using mock = new MockTransport().on('POST', '/', 'ok')
    await using session = new ClientSession({ transport: mock })
    const large = 'grün '.repeat(30_000)
    const bodies = [
      'short',
      large,
      (function* () {
        yield 'in '
        yield 'parts'
      })(),
    ]
    for (const body of bodies) {
      await session.post('http://api.test/', { body, compress }).text()
    }
    expect(mock.requests.map(({ body }) => String(undo[compress](body ?? '')))).toEqual([
      'short',
      large,
      'in parts',
    ])
    const sent = mock.requests.map(({ headers }) => [
      headers.get('content-encoding'),
      headers.has('content-length'),
    ])
    expect(sent).toEqual([
      [compress, true],
      [compress, false],
      [compress, false],
    ])
  })

  it('says nothing where there is no body, and refuses what contradicts it', async () => {
    await using mock = new MockTransport().on('POST', '/', 'ok')
    await using session = new ClientSession({ transport: mock })
    await session.post('http://api.test/', { compress: 'gzip' }).text()
    expect(mock.requests[0]?.headers.has('content-encoding')).toBe(false)
    const headers = { 'Content-Encoding': 'br' }
    const both = session.post('http://api.test/', { json: 1, compress: 'gzip', headers })
    expect(await rejectionOf(both.text())).toBeInstanceOf(TypeError)
    const unknown = session.post('http://api.test/', { json: 1, compress: 'x' as 'gzip' })
    expect(await rejectionOf(unknown.text())).toMatchObject({
      message: expect.stringContaining('expected "gzip"'),
    })
  })
})
