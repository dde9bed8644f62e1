import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCommandLine } from '../../../src/cli/command-line.ts'
import { Application, HTTPError, serve, type Server } from '../../../src/server/index.ts'
import { turnUntil } from '../../support/open-resources.ts'
import { startProcess } from '../../support/processes.ts'
import { httpProxy } from '../../support/proxy.ts'
import { RawServer } from '../raw-server.ts'
import { RecordedOutput, RecordedStreams } from '../recorded-streams.ts'

const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname

/** An input that says something, and then neither goes on nor ends. */
async function* unended(...texts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === 'string' ? Buffer.from(text) : text
  await new Promise(() => {})
}

describe('spool ws', { timeout: 30_000 }, () => {
  let server: Server
  let url: string
  let closings: string[]
  let received: (string | Uint8Array)[]

  beforeEach(async () => {
    closings = []
    received = []
    const app = new Application()
      .websocket(
        '/echo',
        async (ws) => {
          try {
            for await (const message of ws) {
              received.push(message)
              if (message === 'close') await ws.close(1000)
              else if (message === 'reject') await ws.close(4000, 'not you')
              else await ws.send(message)
            }
          } finally {
            closings.push(`${ws.ending?.closeCode} ${ws.compressed}`)
          }
        },
        { compression: true, subprotocols: ['b'], origins: 'any' },
      )
      .websocket('/sink', async (ws) => {
        for await (const message of ws) received.push(message)
        closings.push(String(ws.ending?.closeCode))
      })
      .websocket('/flood', async (ws) => {
        for (let count = 0; count < 5_000; count++) await ws.send(`${count} ${'x'.repeat(1_000)}`)
        await ws.close(1001)
      })
      .websocket('/binary', async (ws) => {
        await ws.send(Buffer.from([0, 255, 10]))
        await ws.send('täxt\n2')
      })
      .websocket('/field', async (ws, request) => {
        await ws.send(String(request.headers.get('x-a')))
      })
      .get('/refused', () => {
        throw new HTTPError(403, 'members only')
      })
    server = await serve(app, { host: '127.0.0.1', port: 0 })
    url = `ws://127.0.0.1:${server.port}`
  })

  afterEach(async () => {
    await server.close()
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
  })

  async function ws(
    streams: RecordedStreams,
    path: string,
    ...options: string[]
  ): Promise<[number, string, string]> {
    const code = await runCommandLine(['ws', url + path, ...options], streams)
    const { stdout, stderr } = streams
    return [code, stdout.text, stderr.text]
  }

  it('sends each line as a message, and writes each answer as a line', async () => {
    const streams = new RecordedStreams('one\n\ntwo €\r\nthree\nclose')
    expect(await ws(streams, '/echo', '--wait', 'forever')).toEqual([
      0,
      'one\n\ntwo €\nthree\n',
      '',
    ])
    expect(received).toEqual(['one', '', 'two €', 'three', 'close'])
  })

  it('waits for answers after the end of its input, and closes with 1000', async () => {
    expect(await ws(new RecordedStreams('one\ntwo'), '/echo')).toEqual([0, 'one\ntwo\n', ''])
    await turnUntil(() => closings.length === 1)
    expect(closings).toEqual(['1000 false'])
  })

  it('closes at once after the end of its input with --wait 0, when all is sent', async () => {
    const lines = Array.from({ length: 2_000 }, (_, index) => `${index} ${'x'.repeat(500)}`)
    const streams = new RecordedStreams(lines.join('\n'))
    expect(await ws(streams, '/sink', '--wait', '0')).toEqual([0, '', ''])
    expect(received).toEqual(lines)
    await turnUntil(() => closings.length === 1)
    expect(closings).toEqual(['1000'])
  })

  it('loses nothing of what is large, both ways', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `${index}${'y'.repeat(300_000)}`)
    const streams = new RecordedStreams([...lines, 'close\n'].join('\n'))
    const [code, stdout] = await ws(streams, '/echo', '--wait', 'forever', '--compress')
    expect([code, stdout === `${lines.join('\n')}\n`]).toEqual([0, true])
    await turnUntil(() => closings.length === 1)
    expect(closings).toEqual(['1000 true'])
  })

  it('takes no more from the server than is taken from it', async () => {
    let most = 0
    let writing = 0
    class SlowOutput extends RecordedOutput {
      override async write(data: string | Uint8Array): Promise<void> {
        most = Math.max(most, ++writing)
        await new Promise((resolve) => setImmediate(resolve))
        await super.write(data)
        writing--
      }
    }
    const stdout = new SlowOutput()
    const streams = { stdin: unended(), stdout, stderr: new RecordedOutput() }
    expect(await runCommandLine(['ws', `${url}/flood`], streams)).toBe(0)
    const lines = stdout.text.split('\n')
    expect([lines.length, lines[4_999]?.slice(0, 5), most]).toEqual([5_001, '4999 ', 1])
  })

  it('writes messages as JSON with --json, and sends lines as bytes with --binary', async () => {
    const [code, stdout] = await ws(new RecordedStreams(), '/binary', '--json', '--wait', 'forever')
    const [first, second, ...rest] = stdout.split('\n')
    expect([code, rest]).toEqual([0, ['']])
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(JSON.parse(String(first))).toEqual({ kind: 'binary', data: 'AP8K', time })
    expect(JSON.parse(String(second))).toEqual({ kind: 'text', data: 'täxt\n2', time })
    await ws(new RecordedStreams('é'), '/sink', '--binary', '--wait', '0')
    expect(received.map((message) => Buffer.from(message as Uint8Array).toString())).toEqual(['é'])
    expect(typeof received[0]).toBe('object')
  })

  it('sends the bytes of a line as they are with --binary, and no text that is not UTF-8', async () => {
    const odd = Buffer.from('a\xff\0\r\n\xc3', 'latin1')
    async function* input(): AsyncGenerator<Uint8Array> {
      yield odd.subarray(0, 2)
      yield odd.subarray(2)
    }
    const [code] = await ws(new RecordedStreams(input()), '/sink', '--binary', '--wait', '0')
    expect(code).toBe(0)
    expect(
      received.map((message) => Buffer.from(message as Uint8Array).toString('latin1')),
    ).toEqual(['a\xff\0', '\xc3'])
    await turnUntil(() => closings.length === 1)
    received = []
    const mixed = unended('good €\n', Buffer.from('a\xffb\n', 'latin1'))
    const [failed, , stderr] = await ws(new RecordedStreams(mixed), '/sink')
    expect([failed, stderr]).toEqual([
      1,
      'spool: Cannot send line 2 of the input as text: it is not UTF-8; --binary sends bytes as they are\n',
    ])
    await turnUntil(() => closings.length === 2)
    expect([received, closings[1]]).toEqual([['good €'], '1001'])
  })

  it('writes binary messages as they are, with a line end', async () => {
    const streams = new RecordedStreams()
    await ws(streams, '/binary', '--wait', 'forever')
    expect(streams.stdout.bytes).toEqual(
      Buffer.from('\0\xff\n\ntäxt\n2\n'.replace('ä', '\xc3\xa4'), 'latin1'),
    )
  })

  it.each([
    ['close', 0, /^$/],
    ['reject', 1, /^spool: .*4000.*not you.*\n$/],
  ])('ends by the code that it is closed with, after "%s"', async (line, code, said) => {
    const streams = new RecordedStreams(unended('before\n', `${line}\n`))
    const end = await ws(streams, '/echo')
    expect(end).toEqual([code, 'before\n', expect.stringMatching(said)])
  })

  it('fails if a line can not be sent any more, and names it', async () => {
    const lines = ['close', ...Array.from({ length: 5_000 }, () => 'x'.repeat(2_000))]
    const [code, , stderr] = await ws(new RecordedStreams(lines.join('\n')), '/echo')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^spool: Cannot send line \d+ of the input: the connection is closed\n$/)
  })

  it('sends header fields, offers subprotocols, and tells a terminal that it is connected', async () => {
    const [, answer] = await ws(
      new RecordedStreams(),
      '/field',
      '-H',
      'X-A: 7',
      '--wait',
      'forever',
    )
    expect(answer).toBe('7\n')
    const streams = new RecordedStreams('close\n', { isTTY: true })
    const offer = ['--subprotocol', 'a', '--subprotocol', 'b']
    const [code, , stderr] = await ws(streams, '/echo', ...offer, '--wait', 'forever')
    expect([code, stderr]).toEqual([0, `connected to ${url}/echo, subprotocol b\n`])
  })

  it('sends pings with --ping, and writes how long they took', async () => {
    const stderr = new RecordedOutput()
    const stdin = async function* (): AsyncGenerator<Uint8Array> {
      while (stderr.text.split('\n').length < 4) await new Promise((done) => setImmediate(done))
      yield Buffer.from('close\n')
    }
    const streams = { stdin: stdin(), stdout: new RecordedOutput(), stderr }
    const args = ['ws', `${url}/echo`, '--ping', '1ms', '--wait', 'forever']
    expect(await runCommandLine(args, streams)).toBe(0)
    expect(stderr.text).toMatch(/^(?:ping: \d+\.\d ms\n){3,}$/)
  })

  it('goes through a proxy', async () => {
    await using proxy = await httpProxy({ names: { 'far.test': '127.0.0.1' } })
    const streams = new RecordedStreams('hello\nclose\n')
    const through = ['--proxy', `127.0.0.1:${proxy.port}`, '--wait', 'forever']
    const code = await runCommandLine(
      ['ws', `ws://far.test:${server.port}/echo`, ...through],
      streams,
    )
    expect([code, streams.stdout.text, streams.stderr.text]).toEqual([0, 'hello\n', ''])
    expect(proxy.asked[0]).toMatch(/^CONNECT far\.test:/)
  })

  it('says why it could not be opened', async () => {
    expect(await ws(new RecordedStreams(), '/refused')).toEqual([
      1,
      '',
      `spool: Opening a WebSocket at ${url.replace('ws', 'http')}/refused failed: it was answered with status 403: "members only"\n`,
    ])
    expect(await ws(new RecordedStreams(), '/none')).toEqual([
      1,
      '',
      expect.stringMatching(/^spool: .*404.*\n$/),
    ])
    const nobody = await runCommandLine(['ws', 'ws://127.0.0.1:1/'], new RecordedStreams())
    expect(nobody).toBe(1)
    const [code, , stderr] = await ws(new RecordedStreams(), '/echo', '--proxy', 'ftp://p')
    expect([code, stderr]).toEqual([
      2,
      'spool: Cannot use "ftp://p" as a proxy: expected http, https, socks5 or socks5h, not "ftp"\n',
    ])
  })

  it('closes with 1009 for a message that is too large', async () => {
    const streams = new RecordedStreams('too long\n')
    const [code, stdout] = await ws(streams, '/flood', '--max-size', '100')
    expect([code, stdout]).toEqual([1, ''])
    expect(streams.stderr.text).toMatch(/^spool: .*1009/)
  })

  it('closes with 1001 when it is interrupted', async () => {
    const args = [main, 'ws', `${url}/echo`]
    await using running = await startProcess(process.execPath, { args })
    running.write('hello\n')
    await running.untilOutput(/hello/)
    running.signal('SIGINT')
    await running.ended()
    expect([running.exitCode, running.output]).toEqual([130, 'hello\n'])
    await turnUntil(() => closings.length === 1)
    expect(closings).toEqual(['1001 false'])
  })

  it('ends at once when it is interrupted while it opens', async () => {
    await using raw = await RawServer.listen(() => {})
    const args = [main, 'ws', `ws://127.0.0.1:${raw.port}/`]
    await using running = await startProcess(process.execPath, { args })
    await turnUntil(() => raw.requests.length === 1)
    running.signal('SIGINT')
    await running.ended()
    expect([running.exitCode, running.output]).toEqual([130, ''])
  })

  it('ends when it is interrupted though nobody reads its output', async () => {
    const child = spawn(process.execPath, [main, 'ws', `${url}/flood`, '--wait', 'forever'])
    await once(child.stdout, 'readable')
    child.kill('SIGINT')
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    expect([code, signal]).toEqual([130, null])
    child.stdout.destroy()
  })

  it('ends when its reader leaves', async () => {
    const child = spawn(process.execPath, [main, 'ws', `${url}/flood`], { stdio: 'pipe' })
    let stderr = ''
    child.stderr.on('data', (bytes) => (stderr += String(bytes)))
    child.stdout.once('data', () => child.stdout.destroy())
    const [code] = (await once(child, 'close')) as [number]
    expect([code, stderr]).toEqual([1, ''])
  })

  it('tells how it is used', async () => {
    const streams = new RecordedStreams()
    expect(await runCommandLine(['ws', '--help'], streams)).toBe(0)
    expect(streams.stdout.text).toMatch(/^Usage: spool ws /)
  })
})
