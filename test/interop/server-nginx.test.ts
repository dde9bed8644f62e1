/** The server behind nginx, as most servers stand: nginx asks in HTTP/1.0, or in HTTP/1.1 over connections that it keeps. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { serve, type Server } from 'spool/server'
import { turnUntil } from '../support/open-resources.ts'
import { type Nginx, startNginx } from '../support/processes.ts'
import { describeWithProgram } from '../support/programs.ts'
import { interopApplication } from './interop-app.ts'

describeWithProgram('nginx', 'the server behind nginx', (program) => {
  let server: Server
  let nginx: Nginx
  let session: ClientSession

  beforeEach(async () => {
    server = await serve(interopApplication(), { port: 0, host: '127.0.0.1' })
    nginx = await startNginx(
      program,
      `location /old/ { proxy_pass http://spool/; }
      location /new/ { proxy_pass http://spool/; proxy_http_version 1.1; proxy_set_header Connection ''; }
      location /unbuffered/ {
        proxy_pass http://spool/; proxy_http_version 1.1; proxy_set_header Connection '';
        proxy_request_buffering off; proxy_buffering off;
      }`,
      `upstream spool { server 127.0.0.1:${server.port}; keepalive 4; }`,
    )
    session = new ClientSession({ baseUrl: `http://127.0.0.1:${nginx.port}` })
  })

  afterEach(async () => {
    await session.close()
    await nginx[Symbol.asyncDispose]()
    await server.close()
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
  })

  it.each(['old', 'new', 'unbuffered'])('is understood as /%s/, up and down', async (path) => {
    expect(await session.get(`/${path}/`).text()).toBe('Hello, world!')
    expect(await session.get(`/${path}/chunked`).text()).toBe('one two three')
    expect(await session.get(`/${path}/large`).bytes()).toHaveLength(300_000)
    expect((await session.head(`/${path}/large`)).headers.get('content-length')).toBe('300000')
    expect((await session.get(`/${path}/empty`)).status).toBe(204)
    expect(await session.post(`/${path}/echo`, { body: 'ping' }).text()).toBe('ping')
    const body = pieces()
    expect(await session.post(`/${path}/echo`, { body }).bytes()).toHaveLength(100_000)
    expect(await session.post(`/${path}/duplex`, { body: pieces() }).bytes()).toHaveLength(100_000)
    const large = await session.post(`/${path}/small`, { body: 'x'.repeat(2_000) })
    expect(large.status).toBe(413)
    expect((await session.get(`/${path}/nowhere`)).status).toBe(404)
    expect(server.statistics().malformed).toBe(0)
  })

  it('is asked over one connection after the other in HTTP/1.0, and over one in HTTP/1.1', async () => {
    for (let round = 0; round < 5; round++) await session.get('/old/').text()
    expect(server.statistics().accepted).toBe(5)
    await turnUntil(() => server.statistics().connections === 0)
    for (let round = 0; round < 5; round++) await session.get('/new/').text()
    expect(server.statistics()).toMatchObject({ accepted: 6, connections: 1, idle: 1 })
  })

  it('stops when the client of nginx has left', async () => {
    const leave = new AbortController()
    const waiting = session.get('/new/wait', { signal: leave.signal }).text()
    await turnUntil(() => server.statistics().active === 1)
    leave.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
    await turnUntil(() => server.statistics().active === 0)
    expect(server.statistics().disconnected).toBe(1)
  })
})

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < 10; index++) yield Buffer.alloc(10_000, 'x')
}
