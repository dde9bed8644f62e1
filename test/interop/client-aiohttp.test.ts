/** What aiohttp's server can't show: trailers, which it neither sends nor gives to its handlers. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClientSession, TransferError } from 'spool/client'
import { describeWithAiohttp } from '../support/aiohttp.ts'
import { type RunningProcess, startProcess } from '../support/processes.ts'
import { rejectionOf } from '../support/rejection.ts'

describeWithAiohttp('the client with a server of aiohttp', (python) => {
  let server: RunningProcess
  let base: string

  beforeAll(async () => {
    const script = new URL('./aiohttp-server.py', import.meta.url).pathname
    server = await startProcess(python, { args: [script], ready: /listening on (\d+)/ })
    base = `http://127.0.0.1:${server.match[1]}`
  })

  afterAll(() => server.stop())

  it('gets along, whole and streamed, up and down, over one connection', async () => {
    await using session = new ClientSession({ baseUrl: base })
    expect(await session.get('/').text()).toBe('Hello, world!')
    expect(await session.get('/chunked').text()).toBe('one two three')
    expect(await session.post('/echo', { body: 'ping' }).text()).toBe('ping')
    expect(await session.get('/moved').text()).toBe('Hello, world!')
    expect(await session.get('/zipped').text()).toBe('z'.repeat(10_000))
    {
      await using response = await session.post('/echo', { body: chunks() })
      expect(response.headers.get('x-received')).toBe('100000')
      expect((await response.bytes()).byteLength).toBe(100_000)
    }
    {
      await using response = await session.head('/')
      expect(response.status).toBe(200)
      expect(response.headers.get('content-length')).toBe('13')
    }
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1, active: 0, opened: 1 })
    await session.close()
    expect(session.statistics()).toMatchObject({ open: 0 })
  })

  it('is sent 100 Continue, and takes no notice', async () => {
    await using session = new ClientSession({ baseUrl: base })
    const headers = { expect: '100-continue' }
    expect(await session.post('/echo', { body: 'ping', headers }).text()).toBe('ping')
    expect(await session.post('/echo', { body: chunks(), headers }).bytes()).toHaveLength(100_000)
  })

  it('gets back what it sends while it sends', async () => {
    await using session = new ClientSession({ baseUrl: base })
    const seen: string[] = []
    const response = await session.post('/duplex', {
      body: (async function* () {
        for (const word of ['one', 'two', 'three']) {
          yield word
          // Not before the server has sent this one back.
          while (seen.join('') === '' || !seen.join('').endsWith(word)) {
            await new Promise((resolve) => setImmediate(resolve))
          }
        }
      })(),
    })
    for await (const chunk of response.body) seen.push(Buffer.from(chunk).toString())
    expect(seen.join('')).toBe('onetwothree')
  })

  it('is answered before it has sent everything', async () => {
    await using session = new ClientSession({ baseUrl: base })
    const response = await session.post('/early', { body: forever() })
    expect([response.status, await response.text()]).toEqual([403, 'no'])
    expect(session.statistics()).toMatchObject({ open: 0, active: 0 })
  })

  it('keeps no connection that the server closes', async () => {
    await using session = new ClientSession({ baseUrl: base })
    for (let round = 0; round < 2; round++) {
      expect(await session.get('/close').text()).toBe('bye')
      expect(session.statistics()).toMatchObject({ open: 0 })
    }
  })

  it('fails when the server drops the connection inside a body', async () => {
    await using session = new ClientSession({ baseUrl: base })
    for (let round = 0; round < 2; round++) {
      const error = await rejectionOf(session.get('/dropped').text())
      expect(error).toBeInstanceOf(TransferError)
    }
    expect(session.statistics()).toMatchObject({ open: 0, active: 0 })
  })

  it('understands empty answers and errors', async () => {
    await using session = new ClientSession({ baseUrl: base })
    const empty = await session.get('/empty')
    expect([empty.status, await empty.text()]).toEqual([204, ''])
    const missing = await session.get('/nowhere')
    expect([missing.status, await missing.text()]).toEqual([404, '404: Not Found'])
    expect((await session.get('/failing')).status).toBe(500)
  })
})

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < 10; index++) yield Buffer.alloc(10_000, 'x')
}

async function* forever(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(65_536)
}
