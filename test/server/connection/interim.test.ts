import { Application, type ServerRequest, stream, text } from 'spool/server'
import { expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { get } from '../../support/requests.ts'

async function answerTo(app: Application, request: string): Promise<[string, unknown[]]> {
  const server = new MemoryServer(app)
  const client = server.connect()
  await client.send(request)
  const answer = client.take().replaceAll(/date: .*\r\n/g, '')
  await client.end()
  server.host.end()
  return [answer, server.errors]
}

const link = '</style.css>; rel=preload; as=style'

test('earlyHints() goes out before the response', async () => {
  const app = new Application().get('/', async (request) => {
    request.earlyHints({ link })
    await Promise.resolve()
    return text('x')
  })
  const [answer] = await answerTo(app, get('/'))
  expect(answer).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: .*\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
})

test('earlyHints() does nothing for HTTP/1.0, for fetch(), and once the response has begun', async () => {
  let late!: ServerRequest
  const app = new Application().get('/', (request) => {
    if (request.minorVersion === 0) request.earlyHints({ link })
    late = request
    return stream(
      (async function* () {
        yield 'a'
        late.earlyHints({ link })
        yield 'b'
      })(),
    )
  })
  expect((await answerTo(app, 'GET / HTTP/1.0\r\n\r\n'))[0]).not.toContain('103')
  expect((await answerTo(app, get('/')))[0]).not.toContain('103')
  const response = await app.fetch(new Request('http://a/'))
  expect([response.status, await response.text()]).toEqual([200, 'ab'])
})

const expecting = (target: string, version = '1.1'): string =>
  `POST ${target} HTTP/${version}\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n`

test('100 Continue goes out before a response that is made of the body, and never into it', async () => {
  const server = new MemoryServer(new Application().post('/', ({ body }) => stream(body)))
  const client = await server.connect().send(expecting('/'))
  const before = client.take()
  await client.send('hello')
  const after = client.take()
  expect(before).toMatch(
    /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n$/,
  )
  expect(after).toBe('5\r\nhello\r\n0\r\n\r\n')
  // The connection is as good as any other.
  await client.send(get('/'))
  expect(client.statuses()).toEqual([405])
  await client.end()
  server.host.end()
})

test('100 Continue is not sent behind the head of a refusal, though its pieces read the body', async () => {
  const read: unknown[] = []
  const app = new Application().post('/', ({ body }) =>
    stream(
      (async function* () {
        yield 'no'
        for await (const chunk of body) read.push(String(chunk))
      })(),
      { status: 403 },
    ),
  )
  const server = new MemoryServer(app)
  const client = await server.connect().send(expecting('/'))
  expect(client.text).toMatch(/^HTTP\/1\.1 403 [^]*connection: close\r\n\r\n2\r\nno\r\n$/)
  await client.send('hello')
  expect(read).toEqual(['hello'])
  expect(client.text).not.toContain('100 Continue')
  await client.end()
  server.host.end()
})

test('earlyHints() refuses fields that can not be sent', async () => {
  const app = new Application().get('/', (request) => {
    request.earlyHints({ link: 'a\r\nb: c' })
    return text('x')
  })
  const [answer, errors] = await answerTo(app, get('/'))
  expect(answer).toMatch(/^HTTP\/1\.1 500 /)
  expect(errors).toHaveLength(1)
})

function counted(trailers: () => Record<string, string>): Application {
  return new Application().get('/', () => {
    const response = stream(['a', 'b'])
    response.trailers = trailers
    return response
  })
}

test('trailers follow a chunked body, and nothing else', async () => {
  const app = counted(() => ({ 'server-timing': 'total;dur=5' }))
  const [answer] = await answerTo(app, get('/'))
  expect(answer).toMatch(/\r\n0\r\nserver-timing: total;dur=5\r\n\r\n$/)
  expect((await answerTo(app, 'GET / HTTP/1.0\r\n\r\n'))[0]).toMatch(/\r\n\r\nab$/)
})

test('trailers that frame a message break the response before its end', async () => {
  const [answer, errors] = await answerTo(
    counted(() => ({ 'content-length': '1' })),
    get('/'),
  )
  expect(answer).not.toMatch(/0\r\n\r\n$/)
  expect(String(errors)).toContain('Cannot send "content-length" as a trailer')
})
