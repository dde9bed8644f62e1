import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serveCommand } from '../../../src/cli/serve/command.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'
import { ClientSession } from '../../../src/client/index.ts'
import { CancelledError, taskGroup } from '../../../src/index.ts'
import { empty, serve } from '../../../src/server/index.ts'
import { MockClock } from '../../../src/testing/index.ts'
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

describe('serveCommand()', { timeout: 30_000 }, () => {
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
      `Loading "${failing}" failed: not today (`,
    )
    await expect(serveCommand([empty], streams)).rejects.toThrow(
      `Cannot serve "${empty}": expected an Application of this spool or a function, its default export is neither`,
    )
    const nothing = folder.write('nothing.mjs', 'export const app = 1')
    await expect(serveCommand([nothing], streams)).rejects.toThrow('it has no default export')
    await expect(serveCommand([empty, '--listing'], streams)).rejects.toThrow(
      `Cannot use --listing: "${empty}" is no folder`,
    )
    expect([streams.stdout.text, streams.stderr.text]).toEqual(['', ''])
  })

  it('serveCommand() says what keeps it from listening', async () => {
    const streams = new RecordedStreams()
    const app = folder.write('app.mjs', 'export default () => new Response()')
    const taken = await serve(() => empty(), { host: '127.0.0.1', port: 0 })
    const onTaken = serveCommand([app, '--port', String(taken.port)], streams)
    await expect(onTaken).rejects.toThrow(
      `Listening on "127.0.0.1:${taken.port}" failed: the address is in use`,
    )
    await taken.close()
    const tls = ['--tls-cert', `${folder.path}/no.pem`, '--tls-key', app]
    await expect(serveCommand([app, ...tls, '--port', '0'], streams)).rejects.toThrow(
      `Reading the TLS certificate "${folder.path}/no.pem" failed: ENOENT`,
    )
    await expect(
      serveCommand([app, '--path', `${folder.path}/no/a.sock`], streams),
    ).rejects.toThrow(`Listening on "${folder.path}/no/a.sock" failed`)
    expect(streams.stdout.text).toBe('')
  })

  it('serveCommand() serves on a Unix socket, and logs each request in JSON', async () => {
    const app = folder.write('app.mjs', `export default () => new Response('hello')`)
    const path = `${folder.path}/a.sock`
    const args = [main, 'serve', app, '--path', path, '--access-log=json']
    await using running = await startProcess(process.execPath, { args, ready: /at unix:.*\n/ })
    await using session = new ClientSession({ socketPath: path })
    expect(await session.get('http://localhost/a?b').text()).toBe('hello')
    const [line] = await running.untilOutput(/^\{.*\}$/m)
    expect(JSON.parse(line)).toMatchObject({ method: 'GET', target: '/a?b', status: 200, bytes: 5 })
    running.signal('SIGTERM')
    await running.ended()
    expect(running.exitCode).toBe(143)
  })

  it('serveCommand() logs the requests of an application, also those that it has no route for', async () => {
    const app = folder.write(
      'app.ts',
      `import { Application, text } from '${server}'
      const api = new Application().get('/', () => text('api'))
      export default new Application({ trailingSlash: 'redirect' })
        .get('/a', () => text('a'))
        .host('api.localhost', api)`,
    )
    const args = [main, 'serve', app, '--port', '0', '--access-log']
    await using running = await startProcess(process.execPath, { args, ready })
    const url = running.match[1] as string
    await get(`${url}/a/`)
    await get(`${url}/none`)
    const [, lines] = await running.untilOutput(/\n([\s\S]*404[^\n]*)\n/)
    const requests = Array.from(
      String(lines).matchAll(/"(GET [^"]*)" (\d+)/g),
      ([, ...found]) => found,
    )
    expect(requests).toEqual([
      ['GET /a/ HTTP/1.1', '308'],
      ['GET /a HTTP/1.1', '200'],
      ['GET /none HTTP/1.1', '404'],
    ])
  })

  it('serveCommand() serves by workers, says so once, and ends them all', async () => {
    const app = folder.write('app.mjs', `export default () => new Response(String(process.pid))`)
    const args = [main, 'serve', app, '--port', '0', '--workers', '2', '--access-log']
    await using running = await startProcess(process.execPath, {
      args,
      ready: /^Serving \S+ at (http\S+), by 2 workers\n/,
    })
    const answer = await get(running.match[1] as string)
    expect(Number(answer.replace('200 ', ''))).toBeGreaterThan(0)
    running.signal('SIGINT')
    await running.ended()
    expect(running.exitCode).toBe(130)
    expect(running.output.split('Serving')).toHaveLength(2)
  })

  it('serveCommand() asks what a program waits for that is never loaded, and ends when it is told to', async () => {
    const waiting = folder.write('waiting.mjs', 'await new Promise(() => {})')
    const streams = new RecordedStreams()
    using clock = MockClock.install()
    await taskGroup(async (group) => {
      const task = group.spawn(() => serveCommand([waiting], streams))
      while (streams.stderr.text === '') {
        await clock.advance(5_000)
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(streams.stderr.text).toBe(
        `spool: "${waiting}" is still being loaded: it is to export what is served, and not to wait for its end\n`,
      )
      task.cancel()
      await expect(task).rejects.toThrow(CancelledError)
    })
  })

  it('serveCommand() tells how it is used', async () => {
    const streams = new RecordedStreams()
    expect(await serveCommand(['--help'], streams)).toBe(0)
    expect(streams.stdout.text).toMatch(/^Usage: spool serve /)
  })
})
