import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpbin } from '../../examples/httpbin/app.ts'
import type { ReportEntry } from '../../src/cli/fetch/output/report.ts'
import { Application, bytes, serve, type Server } from '../../src/server/index.ts'
import { RawServer } from './raw-server.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

class Spool {
  readonly process: ChildProcess
  readonly #output: [string, string] = ['', '']

  constructor(args: readonly string[]) {
    this.process = spawn(process.execPath, [main, ...args], { stdio: 'pipe' })
    this.process.stdout?.on('data', (bytes) => (this.#output[0] += String(bytes)))
    this.process.stderr?.on('data', (bytes) => (this.#output[1] += String(bytes)))
  }

  async ended(): Promise<Ended> {
    const [code, signal] = (await once(this.process, 'close')) as [number, NodeJS.Signals]
    return { code, signal, stdout: this.#output[0], stderr: this.#output[1] }
  }
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\n')
}

describe('spool', { timeout: 30_000 }, () => {
  let folder: string
  let server: Server
  let base: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spool-process-'))
    server = await serve(httpbin(), { host: '127.0.0.1', port: 0, onError: () => {} })
    base = `http://127.0.0.1:${server.port}`
  })

  afterEach(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })

  it('spool fetch ends with 130 within two seconds of SIGINT, and what is finished is whole', async () => {
    const out = join(folder, 'bodies')
    const report = join(folder, 'report.jsonl')
    const list = join(folder, 'urls.txt')
    const urls = Array.from({ length: 50_000 }, (_, index) =>
      index % 10 === 0 ? `${base}/slow/60000` : `${base}/bytes/${index}`,
    )
    await writeFile(list, urls.join('\n'))
    const limits = ['-c', '64', '--per-host', '64']
    const spool = new Spool(['fetch', list, ...limits, '--out', out, '--report', report])
    while ((await linesOf(report)).length < 100)
      await new Promise((resolve) => setImmediate(resolve))
    const before = performance.now()
    spool.process.kill('SIGINT')
    const { code, signal, stdout } = await spool.ended()
    expect([code, signal]).toEqual([130, null])
    expect(performance.now() - before).toBeLessThan(2000)
    expect(stdout).toMatch(/^interrupted after [\d,]+ URLs/)
    const whole = await linesOf(report)
    expect(whole.pop()).toBe('')
    const entries = whole.map((line) => JSON.parse(line) as ReportEntry)
    expect(entries.length).toBeGreaterThanOrEqual(99)
    for (const { file, bytes, url, status } of entries) {
      expect([status, url]).toEqual([200, `${base}/bytes/${bytes}`])
      expect((await stat(join(out, String(file)))).size).toBe(bytes)
    }
    const names = await readdir(out)
    expect(names.filter((name) => name.endsWith('.part'))).toEqual([])
    expect(new Set(names)).toEqual(new Set(entries.map(({ file }) => file)))
  })

  it('spool fetch --resume completes what SIGKILL has interrupted, with one line for each URL', async () => {
    const out = join(folder, 'bodies')
    const report = join(folder, 'report.jsonl')
    const list = join(folder, 'urls.txt')
    const count = 1_500
    // The first run does not come to its end.
    let asked = 0
    const killedThen = Promise.withResolvers<void>()
    const app = new Application().get('/{size}', async ({ params }) => {
      if (++asked > 500) await killedThen.promise
      return bytes(new Uint8Array(Number(params.size)))
    })
    await using slow = await serve(app, { host: '127.0.0.1', port: 0 })
    const urls = Array.from({ length: count }, (_, index) => `${slow.url}/${index}`)
    await writeFile(list, urls.join('\n'))
    const args = ['fetch', list, '--per-host', '50', '--out', out, '--report', report]
    const killed = new Spool(args)
    while ((await linesOf(report)).length < 200)
      await new Promise((resolve) => setImmediate(resolve))
    killed.process.kill('SIGKILL')
    expect(await killed.ended()).toMatchObject({ code: null, signal: 'SIGKILL' })
    killedThen.resolve()
    const { code, stdout } = await new Spool([...args, '--resume']).ended()
    expect(code).toBe(0)
    expect(stdout).toMatch(/\n {2}before {6}\d+ URLs, 0 failed\n/)
    const lines = await linesOf(report)
    expect([lines.length, lines.pop()]).toEqual([count + 1, ''])
    const entries = lines.map((line) => JSON.parse(line) as ReportEntry)
    for (const { index, file, bytes: size, url } of entries) {
      expect([url, size]).toEqual([`${slow.url}/${index - 1}`, index - 1])
      expect((await stat(join(out, String(file)))).size).toBe(size)
    }
    expect(new Set(entries.map(({ index }) => index)).size).toBe(count)
    expect(new Set(await readdir(out))).toEqual(new Set(entries.map(({ file }) => file)))
  })

  it('spool fetch ends with 130 while its list says nothing', async () => {
    const spool = new Spool(['fetch', '-', '--progress', 'none'])
    spool.process.stdin?.write(`${base}/\n`)
    while (server.statistics().requests === 0) await new Promise((resolve) => setImmediate(resolve))
    spool.process.kill('SIGINT')
    expect(await spool.ended()).toMatchObject({ code: 130, signal: null })
  })

  it('spool writes one line to standard error and ends with 2 when it cannot begin', async () => {
    expect(await new Spool(['fetch', 'http://a/', '--out', main]).ended()).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^spool: Cannot write --out ".*": .*\n$/),
    })
  })

  it('spool fetch ends by itself when standard input ends', async () => {
    const spool = new Spool(['fetch', '-'])
    spool.process.stdin?.end(`${base}/\n${base}/status/404\n`)
    const { code, stdout } = await spool.ended()
    expect(code).toBe(0)
    expect(stdout).toMatch(/^done: 2 URLs/)
  })

  it('spool get ends when its reader leaves', async () => {
    await using raw = await RawServer.listen((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const flood = (): void => {
        while (socket.write('x'.repeat(65_536)));
      }
      socket.on('drain', flood)
      flood()
    })
    const spool = new Spool(['get', `${raw.base}/`])
    spool.process.stdout?.once('data', () => spool.process.stdout?.destroy())
    const { code, stderr } = await spool.ended()
    expect([code, stderr]).toEqual([1, ''])
  })

  it.skipIf(!existsSync('/dev/full')).each([
    ['--version', []],
    ['--help', []],
    ['fetch', ['URL']],
    ['get', ['URL']],
  ])('spool %s fails when what it prints goes nowhere, on a full disk', async (command, args) => {
    const all = args.map((arg) => arg.replace('URL', `${base}/`))
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [main, command, ...all], {
      stdio: ['ignore', full, 'pipe'],
    })
    let stderr = ''
    child.stderr?.on('data', (bytes) => (stderr += String(bytes)))
    const [code] = (await once(child, 'close')) as [number]
    closeSync(full)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^spool: Cannot write to standard output: ENOSPC/m)
  })
})
