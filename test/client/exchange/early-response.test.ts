import { describe, expect, it } from 'vitest'
import { settle } from 'spool/testing'
import { turnUntil } from '../../support/open-resources.ts'
import { checkNothingLeft, MemoryFixture } from '../support/memory-server.ts'

/** A body that goes on until it is stopped. */
function endless(): { body: AsyncGenerator<string>; ended: () => boolean; chunks: () => number } {
  let ended = false
  let count = 0
  async function* body(): AsyncGenerator<string> {
    try {
      for (;;) {
        count++
        yield 'a'.repeat(1000)
        await settle()
      }
    } finally {
      ended = true
    }
  }
  return { body: body(), ended: () => ended, chunks: () => count }
}

describe('an early response', () => {
  it('of a server that then closes reaches the caller', async () => {
    const fixture = new MemoryFixture(async (peer) => {
      await peer.untilPending('aaa')
      peer.respond('too large', { status: '413 Too Large', fields: 'Connection: close\r\n' })
      peer.end()
    })
    const { body, ended } = endless()
    const response = await fixture.session.post('/', { body })
    expect(response.status).toBe(413)
    expect(await response.text()).toBe('too large')
    await turnUntil(ended)
    await checkNothingLeft(fixture)
  })

  it('of a server that does not read on reaches the caller', async () => {
    for (const body of ['a'.repeat(500_000), Buffer.alloc(500_000), endless().body]) {
      const fixture = new MemoryFixture((peer) => {
        peer.pause()
        peer.respond('no', { status: '403 Forbidden' })
      })
      const response = await fixture.session.post('/', { body })
      expect(response.status).toBe(403)
      expect(await response.text()).toBe('no')
      await checkNothingLeft(fixture)
    }
  })

  it('that is an error stops the body, though its own is not read yet', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.untilPending('aaa')
      peer.send('HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nhel')
    })
    const { body, ended } = endless()
    await using response = await fixture.session.post('/', { body })
    expect(response.status).toBe(500)
    await turnUntil(ended)
  })

  it('that is an error leaves a connection that is not used again', async () => {
    await using fixture = new MemoryFixture(
      async (peer, index) => {
        if (index > 0) {
          await peer.request()
          peer.respond('second')
          return
        }
        await peer.untilPending('aaa')
        peer.pause()
        peer.send('HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nhel')
        await settle()
        // What was queued is taken after all; but the body is not complete.
        peer.resume()
        await settle()
        peer.send('lo')
      },
      {},
      { highWaterMark: 100 },
    )
    const { session, server } = fixture
    const { body } = endless()
    expect(await session.post('/', { body }).text()).toBe('hello')
    expect(await session.get('/').text()).toBe('second')
    expect(server.peers).toHaveLength(2)
  })

  it('that is none lets the body go on', async () => {
    const fixture = new MemoryFixture(async (peer) => {
      await peer.untilPending('first')
      peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
      await peer.untilPending('0\r\n\r\n')
      peer.send('3\r\ntwo\r\n0\r\n\r\n')
    })
    const go = Promise.withResolvers<void>()
    async function* body(): AsyncGenerator<string> {
      yield 'first'
      await go.promise
      yield 'last'
    }
    const response = await fixture.session.post('/', { body: body() })
    const text: string[] = []
    for await (const chunk of response.body) {
      text.push(Buffer.from(chunk).toString())
      go.resolve()
    }
    expect(text).toEqual(['one', 'two'])
    // The request is over too, so the connection may be used again.
    expect(fixture.session.statistics()).toMatchObject({ idle: 1 })
    await fixture.session.close()
  })

  it('that comes before the source of a body of known length is at its end leaves a connection that is used again', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      for (;;) peer.respond((await peer.request()).body)
    })
    const { session, server } = fixture
    const more = Promise.withResolvers<void>()
    async function* body(): AsyncGenerator<string> {
      yield 'hello'
      await more.promise
      // What is more than was promised goes nowhere.
      yield 'GET /stolen HTTP/1.1'
    }
    const headers = { 'Content-Length': '5' }
    expect(await session.post('/', { body: body(), headers }).text()).toBe('hello')
    const second = session.post('/', { body: 'again' }).text()
    more.resolve()
    expect(await second).toBe('again')
    expect(server.peers).toHaveLength(1)
  })

  it('whose connection breaks afterwards while the body is sent, is still read', async () => {
    const fixture = new MemoryFixture(async (peer) => {
      await peer.untilPending('aaa')
      peer.respond('stop', { status: '400 Bad' })
    })
    const { body } = endless()
    const response = await fixture.session.post('/', { body })
    await settle()
    expect(await response.text()).toBe('stop')
    await checkNothingLeft(fixture)
  })
})
