import { describe, expect, it } from 'vitest'
import { ClientSession, ConnectError } from 'spool/client'
import { Application, json, stream, text } from 'spool/server'
import { MockTransport, settle } from 'spool/testing'
import { rejectionOf } from '../support/rejection.ts'

async function withMock<T>(
  mock: MockTransport,
  use: (session: ClientSession) => Promise<T>,
): Promise<T> {
  let result: T
  {
    await using session = new ClientSession({ baseUrl: 'http://api.test', transport: mock })
    result = await use(session)
  }
  await settle()
  expect(mock.connections).toBe(0)
  await mock.close()
  return result
}

describe('MockTransport', () => {
  it('answers by method and URL, and records what came', async () => {
    const mock = new MockTransport()
      .on('GET', '/users', { json: [1] })
      .on('POST', 'http://api.test/users', ({ headers }, { body }) => ({
        status: 201,
        headers: { 'X-Was': headers.get('content-type') ?? '' },
        body: `got ${String(Buffer.from(body ?? []))}`,
      }))
      .on('*', /other\.test\/x\?y=\d$/, 'any')
    await withMock(mock, async (session) => {
      expect(await session.get('/users?page=2').json()).toEqual([1])
      const created = await session.post('/users', { json: { a: 1 } })
      expect([created.status, created.headers.get('x-was'), await created.text()]).toEqual([
        201,
        'application/json',
        'got {"a":1}',
      ])
      expect(await session.delete('https://other.test/x?y=1').text()).toBe('any')
    })
    mock.assertAllUsed()
    expect(mock.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET http://api.test/users?page=2',
      'POST http://api.test/users',
      'DELETE https://other.test/x?y=1',
    ])
    expect(String(Buffer.from(mock.requests[1]?.body ?? []))).toBe('{"a":1}')
  })

  it('answers one request after the other by a script, before all else', async () => {
    const mock = new MockTransport()
      .on('GET', '/', 'route')
      .reply({ status: 503 })
      .reply(new Response('web', { headers: { 'X-A': '1' } }))
    await withMock(mock, async (session) => {
      expect((await session.get('/')).status).toBe(503)
      expect(await session.get('/').text()).toBe('web')
      expect(await session.get('/').text()).toBe('route')
      expect(await session.get('/').text()).toBe('route')
    })
    mock.assertAllUsed()
  })

  it('gives a reply so often, and then asks the next', async () => {
    const mock = new MockTransport()
      .on('GET', '/', 'first', { times: 1 })
      .on('GET', '/', 'then', { times: 2 })
    await withMock(mock, async (session) => {
      expect(await session.get('/').text()).toBe('first')
      expect(await session.get('/').text()).toBe('then')
    })
    expect(() => mock.assertAllUsed()).toThrow('the reply to GET / was used 1 times')
    expect(() => mock.on('GET', '/', '', { times: 0 })).toThrow(RangeError)
  })

  it('breaks the connection by an error, and where nothing was said', async () => {
    const mock = new MockTransport()
      .reply(new Error('gone'))
      .refuse(new ConnectError('tcp', 'no way'))
    await withMock(mock, async (session) => {
      expect(await rejectionOf(session.get('/').text())).toMatchObject({ phase: 'tcp' })
      const broken = await rejectionOf(session.post('/').text())
      expect(broken).toMatchObject({ code: 'SPOOL_TRANSFER', requestSent: true })
      const unexpected = await rejectionOf(session.post('/a').text())
      expect((unexpected as Error).message).toContain('has no reply for POST http://api.test/a')
    })
    expect(() => mock.assertAllUsed()).toThrow('there was no reply for POST http://api.test/a')
  })

  it('says what was not used', () => {
    const mock = new MockTransport().reply('a').refuse(new Error('b')).on('GET', /x/, 'c')
    expect(() => mock.assertAllUsed()).toThrow(
      'MockTransport: the reply to any request was used 0 times; ' +
        'the reply to GET /x/ was used 0 times; 1 refusals were not used',
    )
  })

  it('goes straight into an application, with its lifespans, cookies and redirects', async () => {
    const steps: string[] = []
    const app = new Application()
      .lifespan(async function* () {
        steps.push('up')
        yield
        steps.push('down')
      })
      .get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!`))
      .post('/echo', async (request) => json(await request.json()))
      .get('/slow', () =>
        stream(
          (async function* () {
            yield 'a'
            await settle()
            yield 'b'
          })(),
        ),
      )
    const mock = new MockTransport(app).on('GET', '/mocked', 'mocked')
    await withMock(mock, async (session) => {
      expect(await session.get('/greet/Ada').text()).toBe('Hello, Ada!')
      expect(await session.post('/echo', { json: { a: 1 } }).text()).toBe('{"a":1}')
      expect(await session.get('/slow').text()).toBe('ab')
      expect(await session.get('/mocked').text()).toBe('mocked')
      expect((await session.get('/none')).status).toBe(404)
      expect(steps).toEqual(['up'])
    })
    expect(steps).toEqual(['up', 'down'])
    expect(mock.requests.map(({ url }) => url)).toHaveLength(5)
  })

  it('goes to a handler with what no reply was given for', async () => {
    const mock = new MockTransport(({ path }) => text(path)).on('GET', '/a', 'mocked')
    await withMock(mock, async (session) => {
      expect(await session.get('/a').text()).toBe('mocked')
      expect(await session.get('/b').text()).toBe('/b')
    })
    mock.assertAllUsed()
  })

  it('tells of what a handler throws, and opens nothing once it is closed', async () => {
    const mock = new MockTransport().on('GET', '/', () => {
      throw new RangeError('faulty test')
    })
    await withMock(mock, async (session) => {
      expect((await session.get('/')).status).toBe(500)
    })
    expect(() => mock.assertAllUsed()).toThrow('faulty test')
    await using session = new ClientSession({ transport: mock })
    expect(await rejectionOf(session.get('http://x/').text())).toMatchObject({
      message: expect.stringContaining('it is closed'),
    })
  })
})
