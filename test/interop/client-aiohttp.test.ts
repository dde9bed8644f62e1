import { expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { describeWithAiohttp } from '../support/aiohttp.ts'
import { startProcess } from '../support/processes.ts'

describeWithAiohttp('the client with a server of aiohttp', (python) => {
  it('gets along, whole and streamed, up and down', async () => {
    const script = new URL('./aiohttp-server.py', import.meta.url).pathname
    await using server = await startProcess(python, { args: [script], ready: /listening on (\d+)/ })
    const session = new ClientSession({ baseUrl: `http://127.0.0.1:${server.match[1]}` })

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

    expect(session.statistics()).toMatchObject({ open: 1, idle: 1, active: 0 })
    await session.close()
    expect(session.statistics()).toMatchObject({ open: 0 })
  })
})

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < 10; index++) yield Buffer.alloc(10_000, 'x')
}
