import { describe, expect, it } from 'vitest'
import { settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { checkNothingLeft, MemoryFixture } from '../support/memory-server.ts'

async function* failing(): AsyncGenerator<string> {
  yield 'a'
  await settle()
  throw new RangeError('no more')
}

describe('a request with a body', () => {
  it.each([
    ['a string', 'grüße', 'text/plain; charset=utf-8'],
    ['bytes', Buffer.from('grüße'), undefined],
    ['an ArrayBuffer', new TextEncoder().encode('grüße').buffer, undefined],
    ['a Blob', new Blob(['grüße'], { type: 'text/x' }), 'text/x'],
  ])('of %s says its length', async (_, body, type) => {
    await using fixture = new MemoryFixture(async (peer) => {
      const request = await peer.request()
      peer.respond(
        `${request.headers['content-length']} ${request.headers['content-type']} ${request.body}`,
      )
    })
    const text = await fixture.session.post('/', { body }).text()
    expect(text).toBe(`7 ${type} ${Buffer.from('grüße').toString('latin1')}`)
  })

  it.each([
    ['a list', () => ['a', '', 'bc']],
    [
      'a generator',
      function* () {
        yield 'a'
        yield Buffer.from('bc')
      },
    ],
    [
      'an asynchronous generator',
      async function* () {
        yield 'a'
        await settle()
        yield 'bc'
      },
    ],
    [
      'a stream',
      () =>
        new ReadableStream<string>({
          start(controller) {
            controller.enqueue('a')
            controller.enqueue('bc')
            controller.close()
          },
        }),
    ],
  ])('of %s is chunked, or holds the length that is given', async (_, make) => {
    await using fixture = new MemoryFixture(async (peer) => {
      for (;;) {
        const request = await peer.request()
        peer.respond(
          `${request.headers['transfer-encoding']} ${request.headers['content-length']} ${request.body}`,
        )
      }
    })
    const { session, server } = fixture
    expect(await session.post('/', { body: make() }).text()).toBe('chunked undefined abc')
    expect(server.peers).toHaveLength(1)
  })

  it.each(['bytes', 'text', 'chunks'] as const)(
    'that is large reaches the server whole, as %s',
    async (kind) => {
      const size = 1_000_000
      await using fixture = new MemoryFixture(async (peer) => {
        const request = await peer.request()
        peer.respond(String(request.body.length))
      })
      const piece = 'é'.repeat(25)
      const text = piece.repeat(size / 50)
      const body =
        kind === 'text'
          ? text
          : kind === 'bytes'
            ? Buffer.from(text)
            : Array.from({ length: 100 }, () => Buffer.from(text.slice(0, size / 200)))
      expect(await fixture.session.post('/', { body }).text()).toBe(String(size))
      expect(fixture.server.peers).toHaveLength(1)
    },
  )

  it('fails with what its source throws, and its connection is closed', async () => {
    const fixture = new MemoryFixture(() => undefined)
    const error = await rejectionOf(fixture.session.post('/', { body: failing() }))
    expect(error).toBeInstanceOf(RangeError)
    await checkNothingLeft(fixture)
  })

  it.each([
    ['json', { json: { a: [1, 'ü'] } }, 'application/json', '{"a":[1,"Ã¼"]}'],
    [
      'form',
      { form: { a: '1 2', b: ['x', 'y'] } },
      'application/x-www-form-urlencoded',
      'a=1+2&b=x&b=y',
    ],
    ['json of null', { json: null }, 'application/json', 'null'],
  ])('given as %s has its type', async (_, options, type, sent) => {
    await using fixture = new MemoryFixture(async (peer) => {
      const request = await peer.request()
      expect(request.headers['content-type']).toBe(type)
      expect(request.body).toBe(sent)
      peer.respond('')
    })
    await fixture.session.post('/', options).text()
  })

  it('keeps the content type that the request brings', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      const request = await peer.request()
      peer.respond(request.headers['content-type'])
    })
    const headers = { 'content-type': 'application/vnd.api+json' }
    expect(await fixture.session.post('/', { json: 1, headers }).text()).toBe(
      'application/vnd.api+json',
    )
  })
})
