import { ClientSession } from 'spool/client'
import { Application, json, text } from 'spool/server'
import { settle, TestClient, TestServer } from 'spool/testing'
import { describe, expect, it } from 'vitest'

function application(): Application {
  return new Application()
    .get('/', ({ cookies }) => text(cookies.get('who') ?? 'nobody'))
    .post('/echo', async (request) => json(await request.json()))
    .get('/login/{name}', ({ params }) =>
      text('in').setCookie('who', params.name, { secure: false }),
    )
    .get('/fail', () => {
      throw new Error('not today')
    })
}

describe.each(['memory', 'socket'] as const)('TestClient over %s', (over) => {
  it('TestClient.start() serves an application until the client is closed', async () => {
    const steps: string[] = []
    const app = application().lifespan(async function* () {
      steps.push('set up')
      yield
      steps.push('cleaned up')
    })
    const client = await TestClient.start(app, { over })
    expect(steps).toEqual(['set up'])
    expect(await client.get('/').text()).toBe('nobody')
    expect(await client.post('/echo', { json: { a: [1] } }).json()).toEqual({ a: [1] })
    expect((await client.get('/none')).status).toBe(404)
    await client.close()
    expect(steps).toEqual(['set up', 'cleaned up'])
    await client.close()
    await expect(new TestClient(client.server).get('/').text()).rejects.toThrow(
      over === 'memory' ? 'it is closed' : 'ECONNREFUSED',
    )
  })

  it('TestClient.start() serves one handler for all', async () => {
    await using client = await TestClient.start(({ method, path }) => text(`${method} ${path}`), {
      over,
    })
    expect(await client.delete('/a/b').text()).toBe('DELETE /a/b')
  })

  it('TestServer has several clients, each with its own cookies', async () => {
    await using server = await TestServer.start(application(), { over })
    const ada = new TestClient(server, { cookies: true })
    await using bob = new TestClient(server, { cookies: true, headers: { 'X-Of': 'bob' } })
    await ada.get('/login/ada').text()
    expect([await ada.get('/').text(), await bob.get('/').text()]).toEqual(['ada', 'nobody'])
    await ada.close()
    expect(await bob.get('/').text()).toBe('nobody')
  })

  it('TestServer keeps what no client is told', async () => {
    await using client = await TestClient.start(application(), { over })
    const response = await client.get('/fail')
    expect([response.status, await response.text()]).not.toContain('not today')
    expect(response.status).toBe(500)
    expect(client.server.errors).toEqual([new Error('not today')])
  })

  it('TestServer.start() fails by what a lifespan throws', async () => {
    // oxlint-disable-next-line require-yield -- it fails before
    const app = new Application().lifespan(async function* () {
      throw new Error('no database')
    })
    await expect(TestServer.start(app, { over })).rejects.toThrow('no database')
  })

  it('TestClient.start() leaves no server behind if its options are wrong', async () => {
    let cleanedUp = false
    const app = new Application().lifespan(async function* () {
      yield
      cleanedUp = true
    })
    await expect(TestClient.start(app, { over, maxWaiting: -1 })).rejects.toThrow(RangeError)
    expect(cleanedUp).toBe(true)
  })
})

describe('TestServer', () => {
  it('TestServer.start() listens where others reach it, and closes its sockets', async () => {
    const server = await TestServer.start(application(), { over: 'socket' })
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    await using session = new ClientSession({ keepAlive: 0 })
    expect(await session.get(server.url).text()).toBe('nobody')
    await server.close()
    await settle()
    await expect(session.get(server.url).text()).rejects.toThrow('ECONNREFUSED')
  })

  it('TestServer.start() gives "serve" to the server, and refuses it in memory', async () => {
    const serve = { limits: { body: 4 } }
    await using client = await TestClient.start(application(), { over: 'socket', serve })
    expect((await client.post('/echo', { json: 'longer' })).status).toBe(413)
    await expect(TestServer.start(application(), { serve })).rejects.toThrow(
      'Cannot use "serve" in memory: say over: "socket"',
    )
  })

  it('TestServer.start() refuses other ways', async () => {
    await expect(TestServer.start(application(), { over: 'pigeon' as 'memory' })).rejects.toThrow(
      'Cannot serve over "pigeon": expected "memory" or "socket"',
    )
  })
})
