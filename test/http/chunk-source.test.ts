import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { discardChunks, pipeChunks, readChunks } from '../../src/http/chunk-source.ts'

test('discardChunks() cancels a stream and ends an iterator', async () => {
  let cancelled = false
  await discardChunks(
    new ReadableStream<string>({
      cancel: () => {
        cancelled = true
      },
    }),
  )
  expect(cancelled).toBe(true)
  let returned = false
  await discardChunks({
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ value: 'a', done: false }),
      return: () => {
        returned = true
        return Promise.resolve({ value: undefined, done: true })
      },
    }),
  })
  expect(returned).toBe(true)
})

async function* doubled(chunks: Parameters<typeof readChunks>[0]) {
  for await (const chunk of readChunks(chunks)) yield `${String(chunk)}${String(chunk)}`
}

async function all(chunks: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of chunks) text += String(chunk)
  return text
}

test('pipeChunks() takes lists, generators and streams', async () => {
  expect(await all(pipeChunks(['a', 'b'], doubled))).toBe('aabb')
  const generator = (async function* () {
    yield 'x'
  })()
  expect(await all(pipeChunks(generator, doubled))).toBe('xx')
  const stream = new Response('s').body as ReadableStream<Uint8Array>
  const texts = stream.pipeThrough(new TextDecoderStream())
  expect(await all(pipeChunks(texts, doubled))).toBe('ss')
})

test('pipeChunks() ends its source when its reader leaves, also before the first chunk', async () => {
  const ended: string[] = []
  const source = (name: string): AsyncIterable<string> => ({
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ value: 'x', done: false }),
      return: () => {
        ended.push(name)
        return Promise.resolve({ value: undefined, done: true })
      },
    }),
  })
  for await (const _ of pipeChunks(source('begun'), doubled)) break
  await discardChunks(pipeChunks(source('fresh'), doubled))
  const stream = new ReadableStream<string>({ cancel: () => void ended.push('stream') })
  await discardChunks(pipeChunks(stream, doubled))
  expect(ended).toEqual(['begun', 'fresh', 'stream'])
})

test('discardChunks() destroys a stream of Node.js that nobody has begun to read', async () => {
  const stream = new Readable({ read: () => undefined })
  await discardChunks(stream)
  expect(stream.destroyed).toBe(true)
})
