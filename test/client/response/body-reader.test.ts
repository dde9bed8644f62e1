import { describe, expect, it } from 'vitest'
import { moveOnAfter } from 'spool'
import { BodyReader } from '../../../src/client/response/body-reader.ts'
import { rejectionOf } from '../../support/rejection.ts'
import { MemoryFixture } from '../support/memory-server.ts'

function readerOf(...chunks: string[]): BodyReader {
  async function* body(): AsyncGenerator<Uint8Array, undefined> {
    for (const chunk of chunks) yield Buffer.from(chunk)
    return undefined
  }
  return new BodyReader(body())
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}

describe('BodyReader', () => {
  it('reads what is there, so many bytes, and up to a separator', async () => {
    const reader = readerOf('ab', 'cd', 'e\r', '\nfg', 'h')
    expect(text(await reader.read(1))).toBe('a')
    expect(text(await reader.readExactly(3))).toBe('bcd')
    expect(text(await reader.readUntil('\r\n'))).toBe('e\r\n')
    expect(text(await reader.read())).toBe('fg')
    expect(text(await reader.readExactly(0))).toBe('')
    expect(text(await reader.read())).toBe('h')
    expect(text(await reader.read())).toBe('')
  })

  it('gives the rest as it comes', async () => {
    const reader = readerOf('abc', 'de')
    await reader.readExactly(1)
    const rest: string[] = []
    for await (const chunk of reader) rest.push(text(chunk))
    expect(rest).toEqual(['bc', 'de'])
  })

  it('finds a separator in pieces, and not beyond the limit', async () => {
    const all = 'aab--aab--'
    for (let at = 1; at < all.length; at++) {
      const reader = readerOf(all.slice(0, at), all.slice(at))
      expect(text(await reader.readUntil('ab--'))).toBe('aab--')
      const error = await rejectionOf(reader.readUntil('--', 4))
      expect(error).toMatchObject({ code: 'SPOOL_LIMIT', limit: 4 })
      expect(text(await reader.readUntil(Buffer.from('--'), 5))).toBe('aab--')
    }
  })

  it('throws with what there was where the body ends before', async () => {
    const exactly = await rejectionOf(readerOf('ab').readExactly(3))
    expect(exactly).toMatchObject({ code: 'SPOOL_INCOMPLETE_READ', partial: Buffer.from('ab') })
    const until = await rejectionOf(readerOf('ab').readUntil('c'))
    expect(until).toMatchObject({ code: 'SPOOL_INCOMPLETE_READ', partial: Buffer.from('ab') })
  })

  it('refuses what makes no sense, and two reads at once', async () => {
    const reader = readerOf('ab')
    expect(() => reader.readExactly(-1)).toThrow(RangeError)
    expect(() => reader.read(1.5)).toThrow(RangeError)
    expect(() => reader.readUntil('')).toThrow(RangeError)
    const first = reader.readExactly(2)
    expect(await rejectionOf(reader.read())).toMatchObject({ code: 'SPOOL_BUSY' })
    expect(text(await first)).toBe('ab')
  })

  it('of a response loses nothing to a wait that was given up, and closes the connection', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc')
    })
    const response = await fixture.session.get('/')
    const reader = response.reader()
    const { timedOut } = await moveOnAfter(5, () => reader.readExactly(5))
    expect(timedOut).toBe(true)
    expect(text(await reader.readExactly(3))).toBe('abc')
    await reader.close()
    await fixture.server.peers[0]?.untilClosed()
  })
})
