/**
 * Random lives of requests: servers that answer in every way, callers that read in every way, time-outs and
 * cancellations at every moment, all over few connections. Whatever happens, everybody gets the answer to
 * their own request or an error that says why not, and nothing is left.
 */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SpoolError } from 'spool'
import type { ClientSession } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { clock } from '../../src/concurrency/time/current-clock.ts'
import {
  checkNothingLeft,
  MemoryFixture,
  type MemoryPeer,
  response,
} from './support/memory-server.ts'
import { OwnScope } from './support/own-scope.ts'

// A second or two; the long run on demand takes more.
const runs = Number(process.env['RANDOM_LIVES'] ?? 100)

const behaviours = [
  'plain',
  'chunked',
  'gzip',
  'close',
  'early hints',
  'redirect',
  'endless redirect',
  'byte by byte',
  'large',
  'extra',
  'truncated',
  'cut chunk',
  'garbage',
  'bad length',
  'bad gzip',
  'reset',
  'reset inside',
  'end',
  'silent',
  'stalled',
  'drip',
  'status 500',
] as const
const readers = [
  'text',
  'bytes',
  'json',
  'long text',
  'stream',
  'lines',
  'ignore',
  'release',
] as const

interface Life {
  readonly behaviour: (typeof behaviours)[number]
  readonly reader: (typeof readers)[number]
  readonly host: number
  /** Milliseconds. */
  readonly startsAt: number
  readonly serverDelay: number
  readonly cancelledAt: number | undefined
  readonly timeout: number | undefined
  readonly body: 'none' | 'text' | 'large' | 'chunks'
}

const life = fc.record<Life>({
  behaviour: fc.constantFrom(...behaviours),
  reader: fc.constantFrom(...readers),
  host: fc.integer({ min: 0, max: 2 }),
  startsAt: fc.integer({ min: 0, max: 300 }),
  serverDelay: fc.constantFrom(0, 0, 1, 50, 400),
  cancelledAt: fc.option(fc.integer({ min: 0, max: 700 }), { nil: undefined }),
  timeout: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
  body: fc.constantFrom('none', 'none', 'none', 'text', 'large', 'chunks'),
})

const later = (delay: number): Promise<void> =>
  new Promise((resolve) => clock().setTimer(delay, resolve))

const bodyOf = (index: number): string => JSON.stringify({ index, text: 'ä'.repeat(20 + index) })
/**
 * An answer that does not fill its last chunk. Bytes behind an answer are seen if they come with its end; those that
 * come when the next request has been sent can't be told from its answer, and an answer that ends with a chunk
 * would let exactly that happen.
 */
function unaligned(body: string, chunkSize: number): Buffer {
  const whole = response(body)
  return whole.byteLength % chunkSize === 0 ? response(body, { fields: 'X-Pad: 1\r\n' }) : whole
}

const largeOf = (index: number): string => JSON.stringify({ index, text: 'a'.repeat(200_000) })

/** Plays the server of all connections; the target says which life a request belongs to. */
function script(lives: readonly Life[], chunkSize: number) {
  return async (peer: MemoryPeer): Promise<void> => {
    for (;;) {
      const { target } = await peer.request()
      const [, at = '', step = ''] = target.split('/')
      const index = Number(at)
      const { behaviour, serverDelay } = lives[index] as Life
      if (serverDelay > 0) await later(serverDelay)
      await answerAs(step === 'last' ? 'plain' : behaviour, index, peer, chunkSize)
    }
  }
}

async function answerAs(
  behaviour: Life['behaviour'],
  index: number,
  peer: MemoryPeer,
  chunkSize: number,
): Promise<void> {
  const body = bodyOf(index)
  const whole = response(body)
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const size = Buffer.byteLength(body).toString(16)
  const bytes = Buffer.from(body).toString('latin1')
  switch (behaviour) {
    case 'plain':
      return peer.send(whole)
    case 'chunked':
      return peer.send(`${chunked}${size}\r\n${bytes}\r\n0\r\nX-Sum: 1\r\n\r\n`)
    case 'gzip':
      return peer.send(response(gzipSync(body), { fields: 'Content-Encoding: gzip\r\n' }))
    case 'close':
      peer.send(`HTTP/1.1 200 OK\r\n\r\n${bytes}`)
      return peer.end()
    case 'early hints':
      return peer.send(Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'), whole]))
    case 'redirect':
      return peer.send(
        response('moved', { status: '302 Found', fields: `Location: /${index}/last\r\n` }),
      )
    case 'endless redirect':
      return peer.send(response('', { status: '302 Found', fields: `Location: /${index}\r\n` }))
    case 'byte by byte':
      for (const byte of whole) {
        peer.send(Uint8Array.of(byte))
        await Promise.resolve()
      }
      return undefined
    case 'large':
      return peer.send(response(largeOf(index)))
    case 'extra':
      return peer.send(Buffer.concat([unaligned(body, chunkSize), response('poison')]))
    case 'truncated':
      peer.send(whole.subarray(0, -3))
      return peer.end()
    case 'cut chunk':
      peer.send(`${chunked}${size}\r\n${bytes.slice(0, 5)}`)
      return peer.end()
    case 'garbage':
      return peer.send('NOT HTTP AT ALL\r\n\r\n')
    case 'bad length':
      return peer.send('HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n')
    case 'bad gzip':
      return peer.send(response(bytes, { fields: 'Content-Encoding: gzip\r\n' }))
    case 'reset':
      return peer.reset()
    case 'reset inside':
      peer.send(whole.subarray(0, -3))
      await later(5)
      return peer.reset()
    case 'end':
      return peer.end()
    case 'silent':
      return undefined
    case 'stalled':
      return peer.send(whole.subarray(0, -3))
    case 'drip':
      for (const byte of whole) {
        peer.send(Uint8Array.of(byte))
        await later(10)
      }
      return undefined
    case 'status 500':
      return peer.send(response(body, { status: '500 Oops' }))
  }
}

/** Reads as the life says; what it resolves with is the body, if it read one. */
async function read(session: ClientSession, index: number, one: Life): Promise<string | undefined> {
  const method = one.body === 'none' ? 'GET' : 'PUT'
  const body = {
    none: undefined,
    text: 'text',
    large: 'a'.repeat(100_000),
    chunks: ['a', 'b'.repeat(30_000), 'c'],
  }[one.body]
  const request = session.request(method, `http://host${one.host}/${index}`, {
    ...(one.timeout === undefined ? {} : { timeout: one.timeout }),
    ...(body === undefined ? {} : { body }),
  })
  switch (one.reader) {
    case 'text':
      return request.text()
    case 'bytes':
      return Buffer.from(await request.bytes()).toString()
    case 'json':
      return JSON.stringify(await request.json())
    case 'long text':
      return (await request).text()
    case 'stream': {
      const chunks: Uint8Array[] = []
      for await (const chunk of (await request).body) chunks.push(chunk)
      return Buffer.concat(chunks).toString()
    }
    case 'lines': {
      const lines: string[] = []
      for await (const line of request.lines()) lines.push(line)
      return lines.join('\n')
    }
    case 'ignore':
      await request
      return undefined
    case 'release': {
      await using _ = await request
    }
  }
  return undefined
}

async function checkLives(lives: readonly Life[], limit: number, chunkSize: number): Promise<void> {
  using clock = MockClock.install()
  const timeout = { total: 1000, idle: 500, headers: 700 }
  const fixture = new MemoryFixture(
    script(lives, chunkSize),
    { limit, timeout },
    { chunkSize, shared: true },
  )
  const outcomes = lives.map(async (one, index) => {
    await later(one.startsAt)
    const scope = new OwnScope()
    const { cancelledAt } = one
    if (cancelledAt !== undefined) void later(cancelledAt).then(() => scope.cancel('enough'))
    const reading = runInScope(scope, () => read(fixture.session, index, one))
    try {
      const body = await reading
      const expected = one.behaviour === 'large' ? largeOf(index) : bodyOf(index)
      return body === undefined || body === expected ? 'right' : `wrong body: ${body}`
    } catch (error) {
      return SpoolError.is(error) ? 'right' : `wrong error: ${String(error)}`
    } finally {
      // What was not read is released with the scope that requested it.
      await scope.close()
    }
  })
  const settled = Promise.all(outcomes)
  await clock.advance(5000)
  // Decompression takes its own time.
  expect(await settled).toEqual(lives.map(() => 'right'))
  await settle()
  const { session } = fixture
  expect(session.statistics()).toMatchObject({ active: 0, connecting: 0, waiting: 0, requests: 0 })
  await session.close()
  await checkNothingLeft(fixture)
  expect(clock.pending).toBe(0)
}

it('requests end with their own answer or an error, and leave nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(life, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(100, 1000, 100_000),
      checkLives,
    ),
    { numRuns: runs },
  )
})
