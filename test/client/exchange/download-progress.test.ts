import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { TransferProgress } from 'spool/client'
import { rejectionOf } from '../../support/rejection.ts'
import { MemoryFixture, response } from '../support/memory-server.ts'

function refuse(): never {
  throw new RangeError('enough')
}

describe('onDownloadProgress', () => {
  it('is told of each piece as it comes, with the total where it is known', async () => {
    const zipped = gzipSync('x'.repeat(1000))
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc')
      await Promise.resolve()
      peer.send('def')
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')
      await peer.request()
      peer.respond(zipped, { fields: 'Content-Encoding: gzip\r\n' })
    })
    const told: TransferProgress[] = []
    const onDownloadProgress = (progress: TransferProgress): void => void told.push(progress)
    expect(await fixture.session.get('/', { onDownloadProgress }).text()).toBe('abcdef')
    expect(told).toEqual([
      { transferred: 3, total: 6 },
      { transferred: 6, total: 6 },
    ])
    const chunked = await fixture.session.get('/', { onDownloadProgress })
    expect(await chunked.text()).toBe('abc')
    expect(told.at(-1)).toEqual({ transferred: 3, total: undefined })
    expect(await fixture.session.get('/', { onDownloadProgress }).text()).toHaveLength(1000)
    expect(told.at(-1)).toEqual({ transferred: zipped.length, total: zipped.length })
  })

  it('ends the request by what it throws, and closes the connection', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      for (;;) {
        await peer.request()
        peer.send(response('abc'))
      }
    })
    const options = { onDownloadProgress: refuse }
    const short = await rejectionOf(fixture.session.get('/', options).text())
    expect(short).toMatchObject({ message: 'enough' })
    const answer = await fixture.session.get('/', options)
    expect(await rejectionOf(answer.text())).toMatchObject({ message: 'enough' })
    expect(fixture.server.open).toBe(0)
    expect(await fixture.session.get('/').text()).toBe('abc')
  })
})
