import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serveCommand } from '../../../src/cli/serve/command.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'
import { ClientSession } from '../../../src/client/index.ts'
import { certificates } from '../../support/certificates.ts'
import { startProcess, TemporaryFolder } from '../../support/processes.ts'
import { RecordedStreams } from '../recorded-streams.ts'

const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname
const server = new URL('../../../src/server/index.ts', import.meta.url).href
const ready = /Serving \S+ at (https?:\S+)\n/

async function get(url: string): Promise<string> {
  await using session = new ClientSession({ tls: { ca: certificates.ca } })
  const response = await session.get(url)
  return `${response.status} ${await response.text()}`
}

describe('serveCommand()', () => {
  let folder: TemporaryFolder

  beforeEach(() => {
    folder = new TemporaryFolder()
  })

  afterEach(() => folder[Symbol.dispose]())

  it('serveCommand() serves a folder until it is interrupted', async () => {
    folder.write('index.html', 'hello')
    folder.write('a b.txt', 'file')
    const args = [main, 'serve', folder.path, '--port', '0']
    await using running = await startProcess(process.execPath, { args, ready })
    const url = running.match[1] as string
    expect(await get(url)).toBe('200 hello')
    expect(await get(`${url}/a%20b.txt`)).toBe('200 file')
    expect(await get(`${url}/%2e%2e/etc/passwd`)).toMatch(/^404 /)
    running.signal('SIGINT')
    await running.ended()
    expect([running.exitCode, running.output]).toEqual([130, running.match[0]])
  })

  it('serveCommand() serves an application over TLS, and cleans it up', async () => {
    const app = folder.write(
      'app.ts',
      `import { Application, text } from '${server}'
      const greeting: string = 'Hello'
      export default new Application()
        .get('/greet/{name}', ({ params, secure }) => text(greeting + ', ' + params.name + secure))
        .lifespan(async function* () {
          yield
          console.log('cleaned up')
        })`,
    )
    const cert = folder.write('cert.pem', certificates.localhost.cert)
    const key = folder.write('key.pem', certificates.localhost.key)
    const tls = ['--tls-cert', cert, '--tls-key', key]
    const args = [main, 'serve', app, '--host', 'localhost', '--port', '0', ...tls]
    await using running = await startProcess(process.execPath, { args, ready })
    const { port, protocol } = new URL(running.match[1] as string)
    expect(protocol).toBe('https:')
    expect(await get(`https://localhost:${port}/greet/Ada`)).toBe('200 Hello, Adatrue')
    running.signal('SIGTERM')
    await running.ended()
    expect([running.exitCode, running.output]).toEqual([143, `${running.match[0]}cleaned up\n`])
  })

  it('serveCommand() says what it can not serve', async () => {
    const streams = new RecordedStreams()
    const failing = folder.write('failing.mjs', `throw new Error('not today')`)
    const empty = folder.write('empty.mjs', 'export default 1')
    await expect(serveCommand([`${folder.path}/none`], streams)).rejects.toThrow(UsageError)
    await expect(serveCommand([failing], streams)).rejects.toThrow(
      `Loading "${failing}" failed: not today`,
    )
    await expect(serveCommand([empty], streams)).rejects.toThrow(
      'its default export is neither an Application of this spool nor a function',
    )
    await expect(serveCommand([empty, '--listing'], streams)).rejects.toThrow(
      `Cannot use --listing: "${empty}" is no folder`,
    )
    expect([streams.stdout.text, streams.stderr.text]).toEqual(['', ''])
  })

  it('serveCommand() tells how it is used', async () => {
    const streams = new RecordedStreams()
    expect(await serveCommand(['--help'], streams)).toBe(0)
    expect(streams.stdout.text).toMatch(/^Usage: spool serve /)
  })
})
