/** Lines are made many at a time; bytes, blocks and lines that are read in turns see nothing of it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteStream, memoryPair } from 'spool/io'

function streamOf(bytes: Buffer, chunkSize: number): ByteStream {
  const [near, far] = memoryPair({ chunkSize, highWaterMark: Infinity })
  near.write(bytes)
  near.end()
  return new ByteStream(far, { highWaterMark: 200 })
}

/** The next line of `bytes` from `at`, as `readLine()` has it, and where the next one begins. */
function lineAt(bytes: Buffer, at: number): { line: string | undefined; next: number } {
  if (at >= bytes.length) return { line: undefined, next: at }
  const end = bytes.indexOf(10, at)
  if (end < 0) return { line: bytes.toString('utf8', at), next: bytes.length }
  const text = bytes.toString('utf8', at, end)
  return { line: text.endsWith('\r') ? text.slice(0, -1) : text, next: end + 1 }
}

const line = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', '\r', 'ä', '日本語', '\ud83d\ude00', '\0'),
)
const content = fc
  .tuple(fc.array(line, { maxLength: 60 }), fc.uint8Array({ maxLength: 40 }))
  .map(([lines, noise]) => Buffer.concat([Buffer.from(lines.join('\n')), noise, Buffer.from('\n')]))

type Step = { lines: number } | { exactly: number } | { some: number } | { until: true }

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ lines: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ exactly: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ some: fc.integer({ min: 1, max: 30 }) }),
    fc.constant<Step>({ until: true }),
  ),
  { minLength: 1, maxLength: 30 },
)

/** What the steps read, and what they should have. */
async function walk(bytes: Buffer, chunkSize: number, todo: readonly Step[]): Promise<void> {
  await using stream = streamOf(bytes, chunkSize)
  const got: unknown[] = []
  const wanted: unknown[] = []
  let at = 0
  const block = (read: Uint8Array, length: number): void => {
    got.push(Buffer.from(read).toString('hex'))
    wanted.push(bytes.toString('hex', at, at + length))
    at += length
  }
  for (const step of todo) {
    const end = bytes.indexOf(10, at)
    if ('lines' in step) {
      for (let count = 0; count < step.lines; count++) {
        const { line, next } = lineAt(bytes, at)
        got.push(await stream.readLine())
        wanted.push(line)
        at = next
      }
    } else if ('exactly' in step) {
      if (at + step.exactly > bytes.length) break
      block(await stream.readExactly(step.exactly), step.exactly)
    } else if ('some' in step) {
      const read = (await stream.read(step.some)) ?? Buffer.alloc(0)
      block(read, read.length)
    } else if (end >= 0) block(await stream.readUntil('\n'), end + 1 - at)
    got.push(stream.statistics().unread <= bytes.length - at)
    wanted.push(true)
  }
  expect(got).toEqual(wanted)
}

test('lines, bytes and blocks can be read in turns, in whatever chunks they come', async () => {
  await fc.assert(fc.asyncProperty(content, fc.constantFrom(1, 7, 64, 65_536), steps, walk), {
    numRuns: 150,
  })
})

test('readLine() says what is too long after lines that were not, and leaves it to be read', async () => {
  const short = 'short\n'.repeat(50)
  await using stream = streamOf(Buffer.from(`${short}${'x'.repeat(500)}\nrest`), 65_536)
  for (let count = 0; count < 50; count++) {
    expect(await stream.readLine({ limit: 100 })).toBe('short')
  }
  await expect(stream.readLine({ limit: 100 })).rejects.toMatchObject({ code: 'SPOOL_LIMIT' })
  expect(await stream.readLine({ limit: 500 })).toBe('x'.repeat(500))
  expect(Buffer.from(await stream.readAll()).toString()).toBe('rest')
})

test('readLine() in a limit counts bytes and not characters', async () => {
  await using stream = streamOf(Buffer.from(`${'ä'.repeat(50)}\n`.repeat(5)), 65_536)
  for (let count = 0; count < 3; count++) {
    expect(await stream.readLine({ limit: 100 })).toBe('ä'.repeat(50))
  }
  await expect(stream.readLine({ limit: 99 })).rejects.toMatchObject({ code: 'SPOOL_LIMIT' })
})

test('statistics() and startTLS() see what was not taken of a batch of lines', async () => {
  await using stream = streamOf(Buffer.from('a\n'.repeat(100)), 65_536)
  for (let count = 0; count < 10; count++) await stream.readLine()
  expect(stream.statistics().unread).toBe(180)
  expect(stream.atEnd).toBe(false)
  for await (const line of stream.lines()) expect(line).toBe('a')
  expect(stream.atEnd).toBe(true)
  expect(stream.statistics().unread).toBe(0)
})
