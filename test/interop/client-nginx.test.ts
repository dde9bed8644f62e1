import { chmodSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { type Nginx, startNginx, TemporaryFolder } from '../support/processes.ts'
import { describeWithProgram } from '../support/programs.ts'

describeWithProgram('nginx', 'the client with nginx', (program) => {
  const folder = new TemporaryFolder()
  let nginx: Nginx
  let base: string

  beforeAll(async () => {
    // Its worker may run as another user.
    chmodSync(folder.path, 0o755)
    folder.write('hello.txt', 'Hello, nginx!')
    folder.write('large.txt', 'x'.repeat(500_000))
    nginx = await startNginx(
      program,
      `root ${folder.path};`,
      'default_type text/plain; keepalive_requests 10; gzip on; gzip_types text/plain;',
    )
    base = `http://127.0.0.1:${nginx.port}`
  })

  afterAll(async () => {
    await nginx[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  it('reads files, long and short, over one connection', async () => {
    await using session = new ClientSession({ baseUrl: base })
    expect(await session.get('/hello.txt').text()).toBe('Hello, nginx!')
    expect((await session.get('/large.txt').bytes()).byteLength).toBe(500_000)
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1 })
  })

  it('reads what is compressed on the way', async () => {
    await using session = new ClientSession({ baseUrl: base })
    await using response = await session.get('/large.txt')
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(await response.text()).toBe('x'.repeat(500_000))
  })

  it('opens another connection when nginx has closed one after its number of requests', async () => {
    await using session = new ClientSession({ baseUrl: base })
    for (let count = 0; count < 25; count++) {
      expect(await session.get('/hello.txt').text()).toBe('Hello, nginx!')
    }
  })

  it('understands a response of HTTP/1.0 that ends with the connection, and 404', async () => {
    await using session = new ClientSession({ baseUrl: base })
    await using response = await session.get('/nowhere')
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('404 Not Found')
    expect(session.statistics().waiting).toBe(0)
  })
})
