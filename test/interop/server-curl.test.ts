import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { serve, type Server } from 'spool/server'
import { turnUntil } from '../support/open-resources.ts'
import { describeWithProgram } from '../support/programs.ts'
import { interopApplication } from './interop-app.ts'

const execute = promisify(execFile)

describeWithProgram('curl', 'the server under curl', (program) => {
  let server: Server

  beforeEach(async () => {
    server = await serve(interopApplication(), { port: 0, host: '127.0.0.1' })
  })

  afterEach(async () => {
    await server.close()
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
  })

  async function curl(...args: string[]): Promise<string> {
    const { stdout } = await execute(program, ['-sS', '--max-time', '5', ...args])
    return stdout
  }

  it('answers one request after the other on one connection', async () => {
    const format = '%{http_code} %{num_connects}\\n'
    const url = `${server.url}/`
    expect(await curl('-w', format, url, url, url)).toBe(
      'Hello, world!200 1\nHello, world!200 0\nHello, world!200 0\n',
    )
  })

  it('streams in chunks, and says so', async () => {
    const output = await curl('-i', `${server.url}/chunked`)
    expect(output).toMatch(/transfer-encoding: chunked/i)
    expect(output).toMatch(/one two three$/)
  })

  it('ends the connection after a streamed body of HTTP/1.0', async () => {
    const output = await curl('-i', '--http1.0', `${server.url}/chunked`)
    expect(output).not.toMatch(/transfer-encoding/i)
    expect(output).toMatch(/one two three$/)
  })

  it('gives 100 Continue to a client that waits for it', async () => {
    const body = 'x'.repeat(100_000)
    const output = await curl('-i', '-H', 'Expect: 100-continue', '-d', body, `${server.url}/echo`)
    expect(output).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    expect(output.endsWith(body)).toBe(true)
  })

  it('takes a chunked upload', async () => {
    const output = await curl('-H', 'Transfer-Encoding: chunked', '-d', 'a=b', `${server.url}/echo`)
    expect(output).toBe('a=b')
  })

  it('answers HEAD without a body and with its length', async () => {
    const output = await curl('-I', `${server.url}/large`)
    expect(output).toMatch(/content-length: 300000/i)
  })

  it('refuses a body before it is sent to a client that waits, and one that comes anyway', async () => {
    const large = 'x'.repeat(100_000)
    const waited = await curl(
      '-i',
      '-H',
      'Expect: 100-continue',
      '-d',
      large,
      `${server.url}/early`,
    )
    expect(waited).toMatch(/^HTTP\/1\.1 403 /)
    const refused = await curl('-i', '-H', 'Expect:', '-d', large, `${server.url}/small`)
    expect(refused).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('ends the connection where it is asked to, and keeps one of HTTP/1.0 where it is', async () => {
    const format = '%{http_code} %{num_connects}\\n'
    const url = `${server.url}/empty`
    expect(await curl('-H', 'Connection: close', '-w', format, url, url)).toBe('204 1\n204 1\n')
    const kept = ['--http1.0', '-H', 'Connection: keep-alive', '-w', format]
    expect(await curl(...kept, url, url)).toBe('204 1\n204 0\n')
  })

  it('answers a target of every form', async () => {
    const output = await curl('-X', 'OPTIONS', '--request-target', '*', '-i', server.url)
    expect(output).toMatch(/^HTTP\/1\.1 204 /)
    const absolute = ['--request-target', `${server.url}/`, server.url]
    expect(await curl(...absolute)).toBe('Hello, world!')
    expect(await curl('-i', '--request-target', '/a b', server.url)).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('is left alone by a client that runs out of patience', async () => {
    const late = curl('--max-time', '0.2', `${server.url}/wait`)
    await expect(late).rejects.toThrow('timed out')
    await turnUntil(() => server.statistics().connections === 0)
    expect(server.statistics()).toMatchObject({ active: 0, disconnected: 1 })
  })

  it('is followed through a redirect, and answers 204, 404 and 405', async () => {
    expect(await curl('-L', `${server.url}/moved`)).toBe('Hello, world!')
    const status = (...args: string[]): Promise<string> =>
      curl('-o', '/dev/null', '-w', '%{http_code}', ...args)
    expect(await status(`${server.url}/empty`)).toBe('204')
    expect(await status(`${server.url}/nowhere`)).toBe('404')
    expect(await status('-X', 'DELETE', `${server.url}/`)).toBe('405')
  })
})
