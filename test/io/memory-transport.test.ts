import { expect, test } from 'vitest'
import { BrokenResourceError } from '../../src/concurrency/errors.ts'
import { memoryPair } from '../../src/io/memory-transport.ts'
import { settle } from '../../src/testing/index.ts'
import { record, RecordingSink } from '../support/recording-sink.ts'

test('memoryPair() delivers each write as one chunk, and what is corked as one', async () => {
  const [left, right] = memoryPair()
  const sink = record(right)
  record(left)
  left.write('one')
  left.write(Buffer.from('two'))
  left.cork()
  left.cork()
  left.write('three')
  left.uncork()
  left.write('four')
  left.uncork()
  left.uncork()
  left.write('')
  await settle()
  expect(sink.chunks.map(String)).toEqual(['one', 'two', 'threefour'])
})

test('memoryPair() delivers byte by byte with chunkSize 1', async () => {
  const [left, right] = memoryPair({ chunkSize: 1 })
  const sink = record(right)
  left.write('abc')
  await settle()
  expect(sink.chunks.map(String)).toEqual(['a', 'b', 'c'])
})

test('memoryPair() with shared bytes spoils a view that is kept', async () => {
  const [left, right] = memoryPair({ shared: true })
  const views: Uint8Array[] = []
  const sink = new RecordingSink()
  sink.onData = (bytes) => views.push(bytes)
  right.start(sink)
  left.write('abc')
  await settle()
  expect(sink.text).toBe('abc')
  expect(Buffer.from(views[0] ?? []).toString('latin1')).toBe('\u00ee\u00ee\u00ee')
})

test('memoryPair() copies what is written', async () => {
  const [left, right] = memoryPair()
  const sink = record(right)
  const bytes = Buffer.from('abc')
  left.write(bytes)
  bytes.fill('x')
  await settle()
  expect(sink.text).toBe('abc')
})

test('memoryPair() calls no sink before the caller is done', () => {
  const [left, right] = memoryPair()
  const sinks = [record(left), record(right)]
  left.write('abc')
  left.end()
  right.destroy()
  expect(sinks.flatMap(({ events }) => events)).toEqual([])
})

test('memoryPair() holds up to highWaterMark before write() answers false, and drains at nothing', async () => {
  const [left, right] = memoryPair({ highWaterMark: 4 })
  const sink = record(left)
  const far = record(right)
  right.pause()
  expect(right.paused).toBe(true)
  expect(left.write('abc')).toBe(true)
  expect(left.write('d')).toBe(false)
  await settle()
  expect([left.bytesQueued, left.bytesWritten, sink.events]).toEqual([4, 4, []])
  right.resume()
  await settle()
  expect([left.bytesQueued, sink.events, far.text]).toEqual([0, ['drain'], 'abcd'])
})

test('memoryPair() tells the end that reads nothing when it may write on', async () => {
  const [left, right] = memoryPair({ highWaterMark: 3 })
  const sink = record(left)
  record(right)
  right.write('unread')
  left.pause()
  left.write('abc')
  right.end()
  await settle()
  expect([sink.text, sink.events]).toEqual(['', ['drain']])
  left.resume()
  await settle()
  expect([sink.text, sink.events]).toEqual(['unread', ['drain', 'data', 'end']])
})

test('memoryPair() destroys with a reset where the peer had sent bytes that nobody read', async () => {
  const [left, right] = memoryPair()
  const sink = record(left)
  record(right)
  right.pause()
  left.write('for nobody')
  right.destroy()
  await settle()
  expect(sink.events).toEqual(['closed'])
  expect(sink.error).toBeInstanceOf(BrokenResourceError)
  expect([left.closed, right.closed, left.peer === right]).toEqual([true, true, true])
})

async function play(): Promise<string[]> {
  const [left, right] = memoryPair({ chunkSize: 3, highWaterMark: 10 })
  const log: string[] = []
  for (const [name, end] of [['left', left] as const, ['right', right] as const]) {
    end.start({
      data: (bytes) => log.push(`${name} ${String(bytes)}`),
      end: () => log.push(`${name} end`) && end.end(),
      drain: () => log.push(`${name} drain`),
      closed: () => log.push(`${name} closed`),
    })
  }
  left.write('abcdefghijkl')
  right.write('12345')
  left.end()
  await settle()
  return log
}

test('memoryPair() gives the same events for the same calls', async () => {
  const first = await play()
  expect(await play()).toEqual(first)
  expect(first).toContain('left closed')
  expect(first).toContain('right closed')
})
