import { expect, test } from 'vitest'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import { BodyWriter, writeChunks } from '../../src/http/body-writer.ts'
import type { Transport } from '../../src/io/transport.ts'
import { settle } from 'spool/testing'

class Recorder {
  sent = ''
  full = false

  write(data: Uint8Array | string): boolean {
    this.sent += typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
    return !this.full
  }

  cork(): void {}
  uncork(): void {}

  asTransport(): Transport {
    return this as unknown as Transport
  }
}

test('BodyWriter frames chunks of text and bytes, and leaves empty ones out', () => {
  const recorder = new Recorder()
  const writer = new BodyWriter(recorder.asTransport(), 'chunked')
  writer.write('hello')
  writer.write('')
  writer.write('ä')
  writer.write(new Uint8Array(16).fill(0x61))
  writer.end()
  expect(recorder.sent).toBe(`5\r\nhello\r\n2\r\n\xc3\xa4\r\n10\r\n${'a'.repeat(16)}\r\n0\r\n\r\n`)
  expect(writer.written).toBe(23)
})

test.each([5, null, undefined, { a: 1 }, new ArrayBuffer(2)])(
  'BodyWriter refuses %o as a chunk, and sends nothing of it',
  (chunk) => {
    const recorder = new Recorder()
    const writer = new BodyWriter(recorder.asTransport(), 'chunked')
    expect(() => writer.write(chunk as never)).toThrow(
      /^Cannot send .* expected a string or a Uint/,
    )
    expect(recorder.sent).toBe('')
  },
)

test('BodyWriter sends trailers after the last chunk', () => {
  const recorder = new Recorder()
  const writer = new BodyWriter(recorder.asTransport(), 'chunked')
  writer.end('a: b\r\n')
  expect(recorder.sent).toBe('0\r\na: b\r\n\r\n')
})

test('BodyWriter holds the body against its length', () => {
  const recorder = new Recorder()
  const writer = new BodyWriter(recorder.asTransport(), 3)
  writer.write('ab')
  expect(() => writer.write('cd')).toThrow('Cannot send 4 bytes of body: the length given is 3')
  expect(() => writer.end()).toThrow('Cannot end the body after 2 bytes: the length given is 3')
  writer.write('c')
  writer.end()
  expect(recorder.sent).toBe('abc')
})

test('writeChunks() waits while the transport is full', async () => {
  const recorder = new Recorder()
  const writer = new BodyWriter(recorder.asTransport(), 'until-close')
  recorder.full = true
  const writing = writeChunks(writer, ['a', 'b'])
  await settle()
  expect(recorder.sent).toBe('a')
  recorder.full = false
  writer.drained()
  await writing
  expect(recorder.sent).toBe('ab')
})

test('writeChunks() ends its source when the connection breaks', async () => {
  const recorder = new Recorder()
  recorder.full = true
  const writer = new BodyWriter(recorder.asTransport(), 'chunked')
  let ended = false
  const writing = writeChunks(
    writer,
    (async function* () {
      try {
        yield 'a'
        yield 'b'
      } finally {
        ended = true
      }
    })(),
  )
  await settle()
  writer.fail(new Error('reset'))
  await expect(writing).rejects.toThrow('reset')
  expect(ended).toBe(true)
})

test('writeChunks() that is cancelled ends a generator while the transport is full', async () => {
  const recorder = new Recorder()
  recorder.full = true
  const writer = new BodyWriter(recorder.asTransport(), 'chunked')
  const scope = new Scope(rootScope)
  let ended = false
  const writing = runInScope(scope, () =>
    writeChunks(
      writer,
      (async function* () {
        try {
          yield 'a'
        } finally {
          ended = true
        }
      })(),
    ),
  )
  await settle()
  scope.cancel()
  await expect(writing).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
  expect(ended).toBe(true)
  scope.end()
})

test('writeChunks() that is cancelled cancels a stream under a read that never ends', async () => {
  const writer = new BodyWriter(new Recorder().asTransport(), 'chunked')
  const scope = new Scope(rootScope)
  let reason: unknown
  const stream = new ReadableStream<string>({
    cancel: (why) => {
      reason = why
    },
  })
  const writing = runInScope(scope, () => writeChunks(writer, stream))
  await settle()
  scope.cancel()
  await expect(writing).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
  expect(reason).toMatchObject({ code: 'SPOOL_CANCELLED' })
  scope.end()
})

test('writeChunks() sends a web stream and a Blob', async () => {
  const recorder = new Recorder()
  const writer = new BodyWriter(recorder.asTransport(), 7)
  await writeChunks(writer, new Blob(['abc', 'defg']).stream())
  expect(recorder.sent).toBe('abcdefg')
})

test('BodyWriter refuses a chunk that is neither text nor bytes, and sends nothing of it', () => {
  for (const framing of ['chunked', 10] as const) {
    for (const chunk of [5, null, undefined, {}]) {
      const recorder = new Recorder()
      const writer = new BodyWriter(recorder.asTransport(), framing)
      expect(() => writer.write(chunk as never)).toThrow(/expected a string or a Uint8Array$/)
      expect(recorder.sent).toBe('')
    }
  }
})
