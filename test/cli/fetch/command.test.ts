import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpbin } from '../../../examples/httpbin/app.ts'
import { fetchCommand } from '../../../src/cli/fetch/command.ts'
import type { ReportEntry } from '../../../src/cli/fetch/output/report.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'
import { taskGroup } from '../../../src/index.ts'
import { staticResolver } from '../../../src/io/index.ts'
import { serve, type Server } from '../../../src/server/index.ts'
import { freePort, RawServer } from '../raw-server.ts'
import { rawResponse, rawServer, type RawScript } from '../../support/raw-server.ts'
import { httpProxy } from '../../support/proxy.ts'
import { RecordedStreams } from '../recorded-streams.ts'

let folder: string
let server: Server
let base: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-fetch-'))
  server = await serve(httpbin(), { host: '127.0.0.1', port: 0, onError: () => {} })
  base = `http://127.0.0.1:${server.port}`
})

afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

async function report(path = 'report.jsonl'): Promise<ReportEntry[]> {
  const text = await readFile(join(folder, path), 'utf8')
  expect(text === '' || text.endsWith('\n')).toBe(true)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ReportEntry)
}

/** Runs `spool fetch` on a list, with a report and without progress. */
async function fetchList(
  urls: readonly string[],
  args: readonly string[] = [],
): Promise<{ code: number; entries: ReportEntry[]; streams: RecordedStreams }> {
  const streams = new RecordedStreams(urls.join('\n'))
  const all = ['-', '--progress', 'none', '--report', join(folder, 'report.jsonl'), ...args]
  const code = await fetchCommand(all, streams, {
    resolver: staticResolver({ localhost: '127.0.0.1' }),
  })
  const entries = await report()
  return { code, entries: entries.sort((a, b) => a.index - b.index), streams }
}

describe('fetchCommand()', () => {
  it('fetchCommand() has one line for each URL of a list as people make them', async () => {
    const long = `${base}/${'x'.repeat(65_536)}`
    const list = [
      `\uFEFF${base}/bytes/1\r`,
      '\r',
      `  ${base}/bytes/2 \t`,
      `${base}/bytes/2`,
      '# comment',
      'no URL',
      'ftp://a/',
      'http://',
      `${base}:99999/`,
      long,
      `${base}/bytes/3`,
    ]
    const { code, entries } = await fetchList(list, ['--out', join(folder, 'bodies')])
    expect(code).toBe(1)
    expect(entries.map(({ index, bytes, error }) => [index, error?.code ?? bytes])).toEqual([
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 'ERR_INVALID_URL'],
      [5, 'ERR_INVALID_URL'],
      [6, 'ERR_INVALID_URL'],
      [7, 'ERR_INVALID_URL'],
      [8, 'ERR_INVALID_URL'],
      [9, 3],
    ])
    expect(entries[7]?.error?.message).toMatch(/: it is longer than 65536 bytes$/)
    expect(server.statistics().requests).toBe(4)
  })

  it('fetchCommand() --resume fetches what the report does not have, and adds it', async () => {
    const urls = [`${base}/bytes/1`, 'no URL', `${base}/bytes/3`, `${base}/bytes/4`]
    const first = await fetchList(urls.slice(0, 3))
    expect([first.code, first.entries.length]).toEqual([1, 3])
    const path = join(folder, 'report.jsonl')
    const whole = await readFile(path, 'utf8')
    const [kept = '', dropped = ''] = whole
      .split('\n')
      .filter((line) => !line.includes('"index":2,'))
    const invalid = whole.split('\n').find((line) => line.includes('"index":2,'))
    await writeFile(path, `${invalid}\n${kept}\n${dropped.slice(0, 40)}`)
    const done = server.statistics().requests
    const { code, entries, streams } = await fetchList(urls, ['--resume'])
    expect(server.statistics().requests).toBe(done + 2)
    expect(code).toBe(1)
    expect(entries.map(({ index, url, bytes }) => [index, url, bytes])).toEqual(
      urls.map((url, at) => [at + 1, url, at === 1 ? 0 : at + 1]),
    )
    expect(streams.stdout.text).toMatch(/^done: 2 URLs [\s\S]*\n {2}before {6}2 URLs, 1 failed\n/)
    const text = await readFile(path, 'utf8')
    expect(text.startsWith(`${invalid}\n${kept}\n{`)).toBe(true)
    await expect(fetchList([`${base}/other`], ['--resume'])).rejects.toThrow(
      'the report has another URL as its number 1 than the list',
    )
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  it('fetchCommand() does not write its report over its list', async () => {
    const path = join(folder, 'urls.txt')
    const link = join(folder, 'link')
    await writeFile(path, `${base}/\n`)
    await symlink(path, link)
    for (const report of [path, link, join(folder, '.', 'urls.txt')]) {
      const args = [`${base}/`, path, '--report', report, '--progress', 'none']
      await expect(fetchCommand(args, new RecordedStreams())).rejects.toThrow(
        new UsageError(`Cannot write --report "${report}": it is the list`),
      )
    }
    expect(await readFile(path, 'utf8')).toBe(`${base}/\n`)
    expect(server.statistics().requests).toBe(0)
  })

  it('fetchCommand() goes through a proxy', async () => {
    await using proxy = await httpProxy({ names: { 'far.test': '127.0.0.1' } })
    const url = `http://far.test:${server.port}/bytes/5`
    const through = ['--proxy', `http://ada:lovelace@127.0.0.1:${proxy.port}`]
    const { code, entries } = await fetchList([url], through)
    expect([code, entries[0]?.bytes]).toEqual([0, 5])
    expect(proxy.asked.join('')).toMatch(/proxy-authorization: Basic YWRhOmxvdmVsYWNl/i)
  })

  it('fetchCommand() keeps every body and reports each URL', async () => {
    const out = join(folder, 'bodies')
    const urls = ['# list', `${base}/`, '', `${base}/bytes/200000`, `${base}/redirect/2`]
    const { code, entries, streams } = await fetchList(urls, ['--out', out])
    expect(code).toBe(0)
    expect(entries.map(({ ms, ...rest }) => [typeof ms, rest])).toEqual([
      [
        'number',
        {
          index: 1,
          url: `${base}/`,
          finalUrl: `${base}/`,
          status: 200,
          bytes: 13,
          attempts: 1,
          file: '00000001-index',
          error: null,
        },
      ],
      [
        'number',
        {
          index: 2,
          url: `${base}/bytes/200000`,
          finalUrl: `${base}/bytes/200000`,
          status: 200,
          bytes: 200_000,
          attempts: 1,
          file: '00000002-200000',
          error: null,
        },
      ],
      [
        'number',
        {
          index: 3,
          url: `${base}/redirect/2`,
          finalUrl: `${base}/`,
          status: 200,
          bytes: 13,
          attempts: 1,
          file: '00000003-2',
          error: null,
        },
      ],
    ])
    expect((await readdir(out)).sort()).toEqual(['00000001-index', '00000002-200000', '00000003-2'])
    expect(await readFile(join(out, '00000001-index'), 'utf8')).toBe('Hello, world!')
    const large = await readFile(join(out, '00000002-200000'))
    expect(large.every((byte, index) => byte === (index & 65_535 & 255))).toBe(true)
    expect(streams.stdout.text).toMatch(/^done: 3 URLs in .*, 3 fetched, 0 failed\n/)
    expect(streams.stdout.text).toContain('  status      200: 3\n')
    expect(streams.stderr.text).toBe('')
  })

  it('fetchCommand() takes any status for fetched, and retries those that may pass', async () => {
    const urls = [`${base}/flaky/a`, `${base}/status/404`, `${base}/missing`]
    const { code, entries } = await fetchList(urls)
    expect(code).toBe(0)
    expect(entries.map(({ status, attempts, error }) => [status, attempts, error])).toEqual([
      [200, 3, null],
      [404, 1, null],
      [404, 1, null],
    ])
  })

  it('fetchCommand() reports the last answer when the retries are used up', async () => {
    const { code, entries } = await fetchList([`${base}/flaky/b`], ['--retries', '1'])
    expect(code).toBe(0)
    expect(entries.map(({ status, attempts }) => [status, attempts])).toEqual([[503, 2]])
  })

  it('fetchCommand() repeats no method that may not be repeated', async () => {
    const { entries } = await fetchList([`${base}/status/503`], ['-X', 'POST'])
    expect(entries.map(({ status, attempts }) => [status, attempts])).toEqual([[503, 1]])
  })

  it('fetchCommand() --fail counts statuses of 400 and above', async () => {
    const urls = [`${base}/`, `${base}/status/404`]
    const { code, entries, streams } = await fetchList(urls, ['--fail'])
    expect(code).toBe(1)
    expect(entries.map(({ status, error }) => [status, error])).toEqual([
      [200, null],
      [404, null],
    ])
    expect(streams.stdout.text).toContain('1 fetched, 1 failed')
  })

  it('fetchCommand() gives each bad URL a line with a code, and goes on', async () => {
    await using raw = await RawServer.listen((path, socket) => {
      if (path === '/truncated') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort')
      else if (path === '/garbage') socket.end('SSH-2.0-OpenSSH_9.2\r\n')
      else if (path === '/reset') socket.resetAndDestroy()
      else if (path === '/closed') socket.end()
      else if (path === '/slow') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')
    })
    const urls = [
      'no url at all',
      'ftp://localhost/',
      'http://',
      'http://unknown.invalid/',
      `http://127.0.0.1:${await freePort()}/`,
      `${raw.base}/truncated`,
      `${raw.base}/garbage`,
      `${raw.base}/reset`,
      `${raw.base}/closed`,
      `${raw.base}/slow`,
      `${base}/bytes/10`,
    ]
    const out = join(folder, 'bodies')
    const args = ['--out', out, '--retries', '0', '--timeout', '300ms']
    const { code, entries } = await fetchList(urls, args)
    expect(code).toBe(1)
    const codes = entries.map(({ error }) => error?.code)
    expect(codes.slice(0, 5)).toEqual([
      'ERR_INVALID_URL',
      'ERR_INVALID_URL',
      'ERR_INVALID_URL',
      'ENOTFOUND',
      'ECONNREFUSED',
    ])
    expect(codes[5]).toBe('SPOOL_TRANSFER')
    expect(codes[6]).toBe('SPOOL_REMOTE_PROTOCOL')
    expect(codes[7]).toMatch(/^(?:ECONNRESET|SPOOL_TRANSFER)$/)
    expect(codes[8]).toBe('SPOOL_TRANSFER')
    expect(codes[9]).toBe('SPOOL_TIMEOUT')
    expect(codes[10]).toBeUndefined()
    for (const { error, status, finalUrl, file, bytes } of entries.slice(0, 10)) {
      expect(error?.message).toMatch(/^[^\n]+$/)
      expect([status, finalUrl, file, bytes]).toEqual([null, null, null, 0])
    }
    expect(await readdir(out)).toEqual(['00000011-10'])
  })

  it('fetchCommand() tells what is cut off, and tried again, from what is wrong, and is not', async () => {
    const head = 'HTTP/1.1 200 OK\r\n'
    const chunks = `${head}Transfer-Encoding: chunked\r\n\r\n`
    const zipped = gzipSync('x'.repeat(1_000)).toString('latin1')
    const answers: readonly [bytes: string, code: string][] = [
      // Cut off.
      ['', 'SPOOL_TRANSFER'],
      ['HTTP/1.1 2', 'SPOOL_TRANSFER'],
      [head, 'SPOOL_TRANSFER'],
      [`${head}Content-Length: 9\r\n\r\nabc`, 'SPOOL_TRANSFER'],
      [`${chunks}5\r\nab`, 'SPOOL_TRANSFER'],
      [`${chunks}2\r\nab\r\n0\r\n`, 'SPOOL_TRANSFER'],
      // Wrong.
      ['SSH-2.0-OpenSSH_9.9\r\n', 'SPOOL_REMOTE_PROTOCOL'],
      ['HTTP/2 200\r\n\r\n', 'SPOOL_REMOTE_PROTOCOL'],
      [`${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 'SPOOL_REMOTE_PROTOCOL'],
      [`${head}A : b\r\n\r\n`, 'SPOOL_REMOTE_PROTOCOL'],
      [`${chunks}zz\r\n`, 'SPOOL_REMOTE_PROTOCOL'],
      [`${chunks}1\r\nabc\r\n`, 'SPOOL_REMOTE_PROTOCOL'],
      [`${head}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc`, 'SPOOL_REMOTE_PROTOCOL'],
      // All of it has come, so it is not the connection's fault.
      [
        `${head}Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n${zipped.slice(0, 10)}`,
        'SPOOL_REMOTE_PROTOCOL',
      ],
    ]
    await using raw = await RawServer.listen((path, socket) => {
      socket.end(answers[Number(path.slice(1))]?.[0] ?? '', 'latin1')
    })
    const urls = answers.map((_, index) => `${raw.base}/${index}`)
    const { entries } = await fetchList(urls, ['--retries', '1', '--per-host', '20'])
    expect(entries.map(({ error, attempts }) => [error?.code, attempts])).toEqual(
      answers.map(([, code]) => [code, code === 'SPOOL_TRANSFER' ? 2 : 1]),
    )
  })

  it('fetchCommand() sends a Host of its own, and not to where a redirect leads', async () => {
    const hosts: unknown[] = []
    const answer: RawScript = async (connection) => {
      const { startLine, headers } = await connection.message()
      hosts.push([headers['host'], headers['x-key'], headers['accept']])
      const location = `Location: http://localhost:${there.port}/there\r\nConnection: close\r\n`
      const here = startLine.startsWith('GET /here ')
      await connection.send(
        here ? rawResponse('', { status: '302 Found', fields: location }) : rawResponse('good'),
      )
    }
    await using there = await rawServer(answer)
    await using here = await rawServer(answer)
    const headers = ['-H', 'Host: a.example', '-H', 'X-Key: 1', '-H', 'Accept: text/plain']
    const { code } = await fetchList([`${here.origin}/here`], headers)
    expect(code).toBe(0)
    expect(hosts).toEqual([
      ['a.example', '1', 'text/plain'],
      [`localhost:${there.port}`, undefined, 'text/plain'],
    ])
  })

  it('fetchCommand() retries connections that break', async () => {
    let requests = 0
    await using raw = await RawServer.listen((_, socket) => {
      if (++requests < 3) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc')
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde')
    })
    const out = join(folder, 'bodies')
    const { code, entries } = await fetchList([`${raw.base}/x`], ['--out', out])
    expect(code).toBe(0)
    expect(entries.map(({ attempts, bytes }) => [attempts, bytes])).toEqual([[3, 5]])
    expect(await readFile(join(out, '00000001-x'), 'utf8')).toBe('abcde')
    expect(await readdir(out)).toEqual(['00000001-x'])
  })

  it('fetchCommand() lets a host that does not answer hold up itself alone', async () => {
    const silent: (() => void)[] = []
    await using raw = await RawServer.listen((_, socket) => {
      silent.push(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    })
    const slow = Array.from({ length: 6 }, (_, index) => `${raw.base}/${index}`)
    const fast = Array.from({ length: 50 }, (_, index) => `${base}/greet/${index}`)
    const running = fetchList([...slow, ...fast], ['-c', '4', '--per-host', '2'])
    while (
      (await readFile(join(folder, 'report.jsonl'), 'utf8').catch(() => '')).split('\n').length < 51
    ) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(raw.requests).toHaveLength(2)
    expect(raw.open).toBe(2)
    let answered = 0
    while (answered < 6) {
      silent.shift()?.()
      answered = raw.requests.length - silent.length
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { code, entries } = await running
    expect(code).toBe(0)
    expect(entries).toHaveLength(56)
  })

  it('fetchCommand() removes what is unfinished when it is cancelled, and keeps the rest', async () => {
    await using raw = await RawServer.listen((_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`)
    })
    const out = join(folder, 'bodies')
    const path = join(folder, 'report.jsonl')
    const streams = new RecordedStreams(`${base}/greet/a\n${raw.base}/half\n${base}/greet/b\n`)
    const args = ['-', '--progress', 'none', '--out', out, '--report', path]
    await taskGroup(async (group) => {
      const task = group.spawn(() => fetchCommand(args, streams))
      for (;;) {
        const names = await readdir(out).catch((): string[] => [])
        const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').length - 1
        if (names.includes('00000002-half.part') && lines === 2) break
      }
      task.cancel()
      await expect(task).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
    })
    expect((await readdir(out)).sort()).toEqual(['00000001-a', '00000003-b'])
    expect(new Set((await report()).map(({ index }) => index))).toEqual(new Set([1, 3]))
    expect(streams.stdout.text).toMatch(/^interrupted after 2 URLs/)
    while (raw.open > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(raw.open).toBe(0)
  })

  it('fetchCommand() writes the report to standard output, and the summary beside it', async () => {
    const streams = new RecordedStreams()
    const code = await fetchCommand([`${base}/`, '--report', '-', '--progress', 'none'], streams)
    expect(code).toBe(0)
    expect(JSON.parse(streams.stdout.text)).toMatchObject({ index: 1, status: 200 })
    expect(streams.stderr.text).toMatch(/^done: 1 URL in/)
  })

  it('fetchCommand() names what failed where there is no report', async () => {
    const streams = new RecordedStreams()
    expect(await fetchCommand(['gopher://a/'], streams)).toBe(1)
    expect(streams.stderr.text).toBe(
      'failed: gopher://a/ (ERR_INVALID_URL: Cannot fetch "gopher://a/": expected http:// or https://, and a host)\n',
    )
  })

  it('fetchCommand() sends the header fields and the method', async () => {
    const out = join(folder, 'bodies')
    await fetchList([`${base}/headers`], ['--out', out, '-H', 'X-Test: 1'])
    const sent = JSON.parse(await readFile(join(out, '00000001-headers'), 'utf8')) as object
    expect(sent).toMatchObject({ method: 'GET', headers: { 'x-test': '1' } })
  })

  it('fetchCommand() refuses to begin where it could not keep what it fetches', async () => {
    const streams = new RecordedStreams()
    const file = join(folder, 'file')
    await writeFile(file, '')
    const url = `${base}/`
    await expect(fetchCommand([url, '--out', file], streams)).rejects.toThrow(UsageError)
    await expect(fetchCommand([url, '--out', join(file, 'x')], streams)).rejects.toThrow(
      `Cannot write --out "${join(file, 'x')}": `,
    )
    await expect(fetchCommand([url, '--report', folder], streams)).rejects.toThrow(
      `Cannot write --report "${folder}": `,
    )
    await expect(fetchCommand([join(folder, 'none')], streams)).rejects.toThrow(UsageError)
    expect(streams.stdout.text).toBe('')
  })

  it('fetchCommand() prints help', async () => {
    const streams = new RecordedStreams()
    expect(await fetchCommand(['--help'], streams)).toBe(0)
    expect(streams.stdout.text).toContain('Usage: spool fetch')
  })
})
