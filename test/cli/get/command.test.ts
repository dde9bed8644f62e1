import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpbin } from '../../../examples/httpbin/app.ts'
import { getCommand } from '../../../src/cli/get/command.ts'
import { ReaderLeftError } from '../../../src/cli/standard-streams.ts'
import { TimeoutError } from '../../../src/index.ts'
import { serve, type Server } from '../../../src/server/index.ts'
import { socksProxy } from '../../support/proxy.ts'
import { rawResponse, rawServer } from '../../support/raw-server.ts'
import { RawServer } from '../raw-server.ts'
import { RecordedStreams } from '../recorded-streams.ts'

async function get(args: readonly string[], input = ''): Promise<[number, string]> {
  const streams = new RecordedStreams(input)
  const code = await getCommand(args, streams)
  expect(streams.stderr.text).toBe('')
  return [code, streams.stdout.bytes.toString('latin1')]
}

describe('getCommand()', () => {
  let folder: string
  let server: Server
  let base: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spool-get-'))
    server = await serve(httpbin(), { host: '127.0.0.1', port: 0 })
    base = server.url
  })

  afterEach(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })

  it('getCommand() writes the body as it came', async () => {
    expect(await get([`${base}/greet/you`])).toEqual([0, 'Hello, you!'])
    const [, bytes] = await get([`${base}/bytes/100000`])
    expect(bytes).toHaveLength(100_000)
    expect(await get([`${base}/redirect/2`])).toEqual([0, 'Hello, world!'])
  })

  it('getCommand() says which file it can not write', async () => {
    const path = join(folder, 'none', 'body')
    await expect(get(['-o', path, `${base}/bytes/1`])).rejects.toThrow(
      `Cannot write --output "${path}": ENOENT`,
    )
  })

  it('getCommand() goes through a proxy', async () => {
    await using proxy = await socksProxy({ names: { 'far.test': '127.0.0.1' } })
    const through = ['--proxy', `socks5h://127.0.0.1:${proxy.port}`]
    const url = `http://far.test:${server.port}/bytes/5`
    expect((await get([...through, url]))[1]).toHaveLength(5)
    expect(proxy.asked).toEqual([`far.test:${server.port}`])
  })

  it('getCommand() takes any status for an answer, unless told otherwise', async () => {
    expect(await get([`${base}/status/418`])).toEqual([0, '418\n'])
    expect(await get(['--fail', `${base}/status/418`])).toEqual([1, '418\n'])
  })

  it('getCommand() -i writes the head with the fields as they came', async () => {
    await using raw = await RawServer.listen((_, socket) => {
      socket.end('HTTP/1.1 404 Not Here\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 2\r\n\r\nno')
    })
    expect(await get(['-i', raw.base])).toEqual([
      0,
      'HTTP/1.1 404 Not Here\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 2\r\n\r\nno',
    ])
  })

  it('getCommand() -H sends a Host of its own, and keys to no other origin', async () => {
    const seen: unknown[] = []
    await using other = await rawServer(async (connection) => {
      const { headers } = await connection.message()
      seen.push([headers['host'], headers['x-key']])
      await connection.send(rawResponse('there', { fields: 'Connection: close\r\n' }))
    })
    await using first = await rawServer(async (connection) => {
      const { headers } = await connection.message()
      seen.push([headers['host'], headers['x-key']])
      const fields = `Location: ${other.origin}/\r\nConnection: close\r\n`
      await connection.send(rawResponse('', { status: '307 Elsewhere', fields }))
    })
    const args = ['-H', 'host: a.example', '-H', 'X-Key: 1', first.origin]
    expect(await get(args)).toEqual([0, 'there'])
    expect(seen).toEqual([
      ['a.example', '1'],
      [other.origin.slice('http://'.length), undefined],
    ])
  })

  it('getCommand() -d posts a text, a file or standard input', async () => {
    expect(await get(['-d', 'a=1', `${base}/echo`])).toEqual([0, 'a=1'])
    const path = join(folder, 'data')
    await writeFile(path, 'from a file')
    expect(await get(['-d', `@${path}`, `${base}/echo`])).toEqual([0, 'from a file'])
    expect(await get(['-d', '@-', `${base}/echo`], 'from outside')).toEqual([0, 'from outside'])
    const [, head] = await get(['-i', '-d', 'a=1', `${base}/echo`])
    expect(head).toMatch(/^content-type: application\/x-www-form-urlencoded\r$/im)
    const [, typed] = await get(['-i', '-d', '{}', '-H', 'Content-Type: a/b', `${base}/echo`])
    expect(typed).toMatch(/^content-type: a\/b\r$/im)
  })

  it('getCommand() -d refuses a file that cannot be read', async () => {
    await expect(get(['-d', '@/none', `${base}/echo`])).rejects.toThrow(
      'Cannot read --data "/none"',
    )
  })

  it('getCommand() -X and -H say what is sent', async () => {
    expect(await get(['-X', 'PUT', '-d', 'x', `${base}/echo`])).toEqual([0, 'x'])
    const [, sent] = await get(['-H', 'X-Test: 1', `${base}/headers`])
    expect(JSON.parse(sent)).toMatchObject({ headers: { 'x-test': '1' } })
  })

  it('getCommand() -o keeps the body in a file, whole or not at all', async () => {
    const path = join(folder, 'body')
    expect(await get(['-o', path, `${base}/bytes/300`])).toEqual([0, ''])
    expect(await readFile(path)).toHaveLength(300)
    await using raw = await RawServer.listen((_, socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`)
    })
    await expect(get(['-o', join(folder, 'half'), raw.base])).rejects.toMatchObject({
      code: 'SPOOL_TRANSFER',
    })
    expect(await readdir(folder)).toEqual(['body'])
  })

  it('getCommand() -o writes into what is no file, and leaves it in its place', async () => {
    expect(await get(['-o', '/dev/null', `${base}/bytes/300`])).toEqual([0, ''])
    expect(await get(['-o', '-', `${base}/greet/a`])).toEqual([0, 'Hello, a!'])
  })

  it('getCommand() --timeout limits everything', async () => {
    await using raw = await RawServer.listen(() => {})
    await expect(get(['--timeout', '50ms', raw.base])).rejects.toThrow(TimeoutError)
    expect(raw.requests).toEqual(['/'])
  })

  it('getCommand() stops when its reader has left', async () => {
    await using raw = await RawServer.listen((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin')
    })
    const streams = new RecordedStreams()
    streams.stdout.error = new ReaderLeftError('output', new Error('EPIPE'))
    await expect(getCommand([raw.base], streams)).rejects.toBe(streams.stdout.error)
    while (raw.open > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(raw.open).toBe(0)
  })

  it('getCommand() prints help', async () => {
    const [code, text] = await get(['--help'])
    expect(code).toBe(0)
    expect(text).toContain('Usage: spool get')
  })
})
