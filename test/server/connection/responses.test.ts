import { sleep } from 'spool'
import { Application, HTTPError, json, ServerResponse, stream, text } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { get, post } from '../../support/requests.ts'

/** What a handler's response looks like on the wire, without its date, and what was reported. */
async function answer(
  handler: ConstructorParameters<typeof MemoryServer>[0],
  request: string = get('/'),
): Promise<{ sent: string; errors: unknown[]; ended: boolean }> {
  const server = new MemoryServer(handler)
  const client = server.connect()
  await client.send(request)
  const { ended } = client
  const sent = client.take().replaceAll(/date: .*\r\n/g, '')
  await client.end()
  expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
  server.host.end()
  return { sent, errors: server.errors, ended }
}

function ofLength7(): ServerResponse {
  return new ServerResponse(null, { headers: { 'content-length': '7' } })
}

async function usedResponse(): Promise<Response> {
  const response = new Response('x')
  await response.text()
  return response
}

function lockedResponse(): Response {
  const response = new Response('x')
  response.body?.getReader()
  return response
}

describe('A handler that fails', () => {
  test('is answered with 500 and no detail, and reported', async () => {
    const handlers = [
      () => {
        throw new Error('secret')
      },
      async () => {
        await Promise.resolve()
        throw new Error('secret')
      },
    ]
    for (const handler of handlers) {
      const { sent, errors, ended } = await answer(handler)
      expect(sent).toBe(
        'HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\n' +
          'content-length: 21\r\n\r\nInternal Server Error',
      )
      expect(errors).toMatchObject([{ message: 'secret' }])
      expect(ended).toBe(false)
    }
  })

  test('by a Response that can not be sent is answered with 500, and reported', async () => {
    const failures: [() => Response | Promise<Response>, string][] = [
      [() => Response.error(), 'Cannot answer with Response.error()'],
      [async () => Response.error(), 'Cannot answer with Response.error()'],
      [usedResponse, 'Cannot answer with a Response whose body is read already'],
      [lockedResponse, 'Cannot answer with a Response whose body is read already'],
    ]
    for (const [handler, message] of failures) {
      for (const served of [handler, new Application().get('/', handler)]) {
        const { sent, errors, ended } = await answer(served)
        expect(sent).toMatch(/^HTTP\/1\.1 500 /)
        expect(errors).toMatchObject([{ name: 'TypeError', message }])
        expect(ended).toBe(false)
      }
    }
  })

  test('with HTTPError is answered as that says, and not reported', async () => {
    const { sent, errors } = await answer(async () => {
      throw new HTTPError(404, 'No user "7"', { headers: { 'x-a': 'b' } })
    })
    expect(sent).toContain('HTTP/1.1 404 Not Found\r\n')
    expect(sent).toMatch(/x-a: b\r\n[^]*No user "7"$/)
    expect(errors).toEqual([])
  })

  test('with HTTPError of 500 or more tells the client nothing, and is reported for its cause', async () => {
    const cause = new Error('disk')
    const { sent, errors } = await answer(() => {
      throw new HTTPError(503, 'Disk of 10.0.0.7 is full', { cause })
    })
    expect(sent).toMatch(/Service Unavailable$/)
    expect(errors).toMatchObject([{ cause }])
    expect(
      (
        await answer(() => {
          throw new HTTPError(503)
        })
      ).errors,
    ).toEqual([])
  })

  test.each([undefined, null, 'text', 7, {}])(
    'by returning %j is answered with 500',
    async (value) => {
      const { sent, errors } = await answer(() => value as never)
      expect(sent).toMatch(/^HTTP\/1\.1 500 /)
      expect(errors).toMatchObject([{ message: expect.stringMatching(/^Cannot answer with /) }])
    },
  )

  test.each([
    ['a body that is none', () => new ServerResponse(7 as never)],
    ['a type that can not be sent', () => text('x', { type: 'a\r\nb: c' })],
  ])('by %s is answered with 500 and the connection goes on', async (_what, handler) => {
    const { sent, errors, ended } = await answer(handler)
    expect(sent).toMatch(/^HTTP\/1\.1 500 /)
    expect(sent).not.toContain('b: c')
    expect(errors).toHaveLength(1)
    expect(ended).toBe(false)
  })

  test('in the middle of a stream breaks the connection, and is reported', async () => {
    const { sent, errors, ended } = await answer(() =>
      stream(
        (async function* () {
          yield 'half'
          throw new Error('broken')
        })(),
      ),
    )
    expect(sent).toMatch(/4\r\nhalf\r\n$/)
    expect(errors).toMatchObject([{ message: 'broken' }])
    expect(ended).toBe(true)
  })

  test.each([
    [['abcd'], '3', 'Cannot send 4 bytes of body: the length given is 3'],
    [['ab'], '3', 'Cannot end the body after 2 bytes: the length given is 3'],
  ])('to keep its length (%j of %s) breaks the connection', async (chunks, length, message) => {
    const { errors, ended } = await answer(() =>
      stream(chunks, { headers: { 'content-length': length } }),
    )
    expect(errors).toMatchObject([{ message }])
    expect(ended).toBe(true)
  })
})

describe('A route with a time-out', () => {
  test('answers 503 and cancels its handler', async () => {
    using clock = MockClock.install()
    const stopped: unknown[] = []
    const app = new Application().get(
      '/',
      async () => {
        try {
          await sleep(60_000)
        } catch (error) {
          stopped.push(error)
          throw error
        }
        return text('')
      },
      { timeout: 1_000 },
    )
    const server = new MemoryServer(app)
    const client = server.connect()
    await client.send(get('/'))
    await clock.advance(1_000)
    expect(client.statuses()).toEqual([503])
    expect(stopped).toMatchObject([{ source: 'deadline' }])
    await client.end()
    server.host.end()
  })
})

describe('A response', () => {
  test.each([204, 304])('with status %j has no body and no length', async (status) => {
    const { sent } = await answer(() => text('body', { status }))
    expect(sent).not.toContain('body')
    expect(sent).not.toMatch(/content-length: 0/)
    expect(sent.endsWith('\r\n\r\n')).toBe(true)
  })

  test('ends the connection if the client or the handler asks for it', async () => {
    const asked = await answer(() => text('x'), get('/', 'connection: close'))
    expect(asked.sent).toContain('connection: close\r\n')
    expect(asked.ended).toBe(true)
    const told = await answer(() => text('x', { headers: { connection: 'close' } }))
    expect(told.sent.match(/connection: close\r\n/g)).toHaveLength(1)
    expect(told.ended).toBe(true)
  })

  test('to HTTP/1.0 says keep-alive only if it was asked for', async () => {
    const plain = await answer(() => text('x'), 'GET / HTTP/1.0\r\n\r\n')
    expect(plain.sent).toContain('connection: close\r\n')
    expect(plain.ended).toBe(true)
    const kept = await answer(() => text('x'), 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n')
    expect(kept.sent).toContain('connection: keep-alive\r\n')
    expect(kept.ended).toBe(false)
  })

  test('to HTTP/1.0 of unknown length ends with the connection', async () => {
    const { sent, ended } = await answer(
      () => stream(['a', 'b']),
      'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
    )
    expect(sent).toMatch(/connection: close\r\n\r\nab$/)
    expect(sent).not.toContain('chunked')
    expect(ended).toBe(true)
  })

  test('says how its body is framed, whatever its headers say', async () => {
    const headers = { 'content-length': '99', 'transfer-encoding': 'gzip, chunked', 'x-a': 'b' }
    const { sent } = await answer(() => text('abc', { headers }))
    expect(sent).toBe(
      'HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 3\r\n\r\nabc',
    )
  })

  test('may be sent again and again', async () => {
    const constant = json({ a: 1 })
    const { sent } = await answer(() => constant, get('/') + get('/'))
    expect(sent.match(/\{"a":1\}/g)).toHaveLength(2)
  })

  test('to HEAD tells a length that the handler gave', async () => {
    const head = get('/').replace('GET', 'HEAD')
    expect((await answer(ofLength7, head)).sent).toContain('content-length: 7\r\n')
    expect((await answer(ofLength7)).sent).toContain('content-length: 0\r\n')
  })

  test('to HEAD ends its stream unread', async () => {
    let cancelled = false
    const { sent } = await answer(
      () => new Response(new ReadableStream({ cancel: () => void (cancelled = true) })),
      get('/').replace('GET', 'HEAD'),
    )
    expect(sent).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(cancelled).toBe(true)
  })

  test('echoes a body as it comes', async () => {
    const server = new MemoryServer((request) => stream(request.body))
    const client = server.connect()
    await client.send(post('/', 'abcdef').slice(0, -3))
    expect(client.take()).toMatch(/3\r\nabc\r\n$/)
    await client.send('def')
    expect(client.take()).toBe('3\r\ndef\r\n0\r\n\r\n')
    await client.end()
    server.host.end()
  })

  test('waits for a client that does not take it', async () => {
    let made = 0
    const server = new MemoryServer(() =>
      stream(
        (function* () {
          for (; made < 100; made++) yield 'x'.repeat(1_000)
        })(),
      ),
    )
    const client = server.connect({ highWaterMark: 10_000 })
    client.transport.pause()
    await client.send(get('/'))
    expect(made).toBeLessThan(15)
    client.transport.resume()
    await settle()
    expect(made).toBe(100)
    expect(client.text).toMatch(/0\r\n\r\n$/)
    await client.end()
    server.host.end()
  })
})

test('A response of 205 has no content, and says so', async () => {
  const bodies = ['body', Buffer.from('body'), ['bo', 'dy'], null]
  for (const body of bodies) {
    const { sent, ended } = await answer(() => new ServerResponse(body, { status: 205 }))
    expect(sent).toMatch(/^HTTP\/1\.1 205 Reset Content\r\n[^]*content-length: 0\r\n\r\n$/)
    expect(ended).toBe(false)
  }
})

test('A response with Upgrade has the option in Connection, too', async () => {
  const upgrade = { upgrade: 'foo' }
  const plain = await answer(() => text('', { status: 426, headers: upgrade }))
  expect(plain.sent).toContain('connection: Upgrade\r\n')
  const own = await answer(() =>
    text('', { status: 426, headers: { ...upgrade, connection: 'upgrade' } }),
  )
  expect(own.sent.match(/connection: /gi)).toHaveLength(1)
  expect(own.ended).toBe(false)
  const closing = await answer(
    () => text('', { status: 426, headers: { Upgrade: 'foo' } }),
    get('/', 'connection: close'),
  )
  expect(closing.sent).toContain('connection: close, Upgrade\r\n')
})

test('A handler asks for the end of the connection by the option "close" and by no other', async () => {
  for (const connection of ['close', 'Close', 'x, close', 'close ,x']) {
    expect((await answer(() => text('', { headers: { connection } }))).ended).toBe(true)
  }
  for (const connection of ['x-close-notify', 'not-close', 'closed']) {
    expect((await answer(() => text('', { headers: { connection } }))).ended).toBe(false)
  }
})
