/**
 * Bodies around the sizes at which reading is paused, one exchange after the other on one connection, sent
 * and read in every way on both sides. Nobody waits for ever, and everybody gets what was sent to them.
 */
import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { taskGroup } from 'spool'
import { ClientSession, type ClientSessionOptions } from 'spool/client'
import { Application, bytes, serve, ServerResponse, type ServerRequest, stream } from 'spool/server'
import { turn } from '../../src/testing/settle.ts'
import { outsideScopes } from '../../src/concurrency/scope/context.ts'
import { memoryPair, type MemoryPairOptions } from '../../src/io/memory-transport.ts'
import { MemoryServer } from '../support/memory-server.ts'
import { openResources, expectNothingLeft, someTurns } from '../support/open-resources.ts'
import '../support/property-seed.ts'

// A second or two; the long run on demand takes more.
const runs = Number(process.env['RANDOM_BODIES'] ?? 40)

const readings = ['whole', 'late', 'parts', 'slow parts', 'some', 'never', 'never, late'] as const

interface Step {
  /** Bytes up. */
  readonly sends: number
  readonly sendsChunked: boolean
  readonly server: (typeof readings)[number] | 'echo'
  /** Bytes down. */
  readonly answers: number
  readonly form: 'whole' | 'chunks' | 'gzip' | 'gzip chunks'
  readonly client: (typeof readings)[number] | 'collected' | 'fetch'
}

const size = fc.oneof(
  fc.constantFrom(0, 1, 16_384, 65_535, 65_536, 65_537, 98_304, 131_071, 131_072, 131_073),
  fc.integer({ min: 60_000, max: 70_000 }),
  fc.integer({ min: 0, max: 300_000 }),
)
const step = fc.record<Step>({
  sends: fc.oneof(fc.constant(0), size),
  sendsChunked: fc.boolean(),
  server: fc.constantFrom(...readings, 'echo'),
  answers: size,
  form: fc.constantFrom('whole', 'chunks', 'gzip', 'gzip chunks'),
  client: fc.constantFrom(...readings, 'collected', 'fetch'),
})

const pool = randomBytes(300_000)
const sumOf = (data: Uint8Array): string => createHash('sha1').update(data).digest('hex')

function* pieces(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.byteLength; at += 50_000) yield data.subarray(at, at + 50_000)
}

/** Reads as it is said; undefined if not all was read. */
async function read(
  how: (typeof readings)[number],
  body: AsyncIterable<Uint8Array>,
  whole: () => Promise<Uint8Array>,
): Promise<Uint8Array | undefined> {
  if (how === 'never') return undefined
  if (how === 'late' || how === 'never, late') await someTurns(3)
  if (how === 'never, late') return undefined
  if (how === 'whole' || how === 'late') return whole()
  const chunks: Uint8Array[] = []
  for await (const chunk of body) {
    chunks.push(Buffer.from(chunk))
    if (how === 'some') return undefined
    if (how === 'slow parts') await someTurns(2)
  }
  return Buffer.concat(chunks)
}

function applicationOf(steps: readonly Step[]): Application {
  return new Application().post('/{step}', async (request: ServerRequest) => {
    const one = steps[Number(request.params['step'])] as Step
    if (one.server === 'echo') {
      return stream(request.body, { headers: { 'x-got': 'echo', 'x-sum': 'echo' } })
    }
    const got = await read(one.server, request.body, () => request.bytes())
    const answer = pool.subarray(0, one.answers)
    const sent = one.form.startsWith('gzip') ? gzipSync(answer, { level: 1 }) : answer
    const headers: Record<string, string> = {
      'x-got': got === undefined ? 'some' : sumOf(got),
      'x-sum': sumOf(answer),
    }
    if (one.form.startsWith('gzip')) headers['content-encoding'] = 'gzip'
    if (one.form.endsWith('chunks')) return new ServerResponse(pieces(sent), { headers })
    return bytes(sent, { headers })
  })
}

async function ask(session: ClientSession, index: number, one: Step): Promise<void> {
  const sent = pool.subarray(0, one.sends)
  const body = one.sendsChunked ? { body: pieces(sent) } : { body: sent }
  const path = `/${index}`
  const check = (header: (name: string) => string | null | undefined, got?: Uint8Array): void => {
    if (header('x-got') !== 'some' && header('x-got') !== 'echo') {
      expect(header('x-got')).toBe(sumOf(sent))
    }
    if (got === undefined) return
    expect(sumOf(got)).toBe(header('x-sum') === 'echo' ? sumOf(sent) : header('x-sum'))
  }
  if (one.client === 'collected') {
    expect((await session.post(path, body).bytes()).byteLength).toBe(
      one.server === 'echo' ? one.sends : one.answers,
    )
  } else if (one.client === 'fetch') {
    const init = {
      method: 'POST',
      body: one.sendsChunked ? ReadableStream.from(pieces(sent)) : sent,
    }
    const response = await session.fetch(path, { ...init, duplex: 'half' })
    await someTurns(2)
    check((name) => response.headers.get(name), new Uint8Array(await response.arrayBuffer()))
  } else {
    await using response = await session.post(path, body)
    const got = await read(one.client, response.body, () => response.bytes())
    check((name) => response.headers.get(name), got)
  }
}

// Far more than one exchange takes, on a loaded machine too.
const waits: ClientSessionOptions = { limit: 1, timeout: { total: 8_000 } }

async function askAll(session: ClientSession, steps: readonly Step[]): Promise<void> {
  for (const [index, one] of steps.entries()) await ask(session, index, one)
  expect(session.statistics()).toMatchObject({ active: 0, waiting: 0, requests: 0 })
}

async function checkInMemory(steps: readonly Step[], pair: MemoryPairOptions): Promise<void> {
  const server = new MemoryServer(applicationOf(steps))
  const session = new ClientSession({ ...waits, baseUrl: 'http://test' }, () => {
    const [client, end] = memoryPair(pair)
    outsideScopes(() => server.host.accept(end))
    return Promise.resolve(client)
  })
  await askAll(session, steps)
  await session.close()
  await turn()
  // A client that leaves inside an answer breaks off what its handler sends.
  expect(server.errors).toEqual([])
  server.host.destroy('the test is over')
  server.host.end()
}

it('bodies of every size, sent and read in every way, keep no connection from its next request', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.record({ shared: fc.boolean(), chunkSize: fc.constantFrom(1_000, 16_384, 65_536, 1e9) }),
      checkInMemory,
    ),
    { numRuns: runs, endOnFailure: true },
  )
}, 900_000)

it('bodies of every size keep no connection of a socket from its next request', async () => {
  const before = openResources()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      await taskGroup(async () => {
        await using server = await serve(applicationOf(steps), { host: '127.0.0.1' })
        await using session = new ClientSession({ ...waits, baseUrl: server.url })
        await askAll(session, steps)
      })
    }),
    { numRuns: Math.ceil(runs / 2), endOnFailure: true },
  )
  await expectNothingLeft(before)
}, 900_000)
