import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { serve } from 'spool/server'
import { describeWithAiohttp } from '../support/aiohttp.ts'
import { interopApplication } from './interop-app.ts'

describeWithAiohttp('the server under the client of aiohttp', (python) => {
  it('is understood, whole and streamed, up and down', async () => {
    await using server = await serve(interopApplication(), { port: 0, host: '127.0.0.1' })
    const script = new URL('./aiohttp-client.py', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(python, [script, server.url])
    expect(stdout.trimEnd().split('\n')).toEqual([
      'GET / 200 Hello, world!',
      'GET /chunked 200 one two three',
      'POST /echo 200 ping',
      'HEAD /large 200 ',
      'GET /empty 204 ',
      'GET /moved 200 Hello, world!',
      'POST chunks 200 100000',
      'POST expect 200 1000',
      'POST small 413',
      'GET close 200 close',
      'GET endless 200 100000',
      'GET wait timed out',
    ])
    await server.close()
    expect(server.statistics()).toMatchObject({ connections: 0 })
  })
})
