import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { ByteStream, copyStream, memoryPair, toWeb } from 'spool/io'
import { checkStream, MockClock, settle } from 'spool/testing'

function pairOf(options: Parameters<typeof memoryPair>[0] = {}): {
  sender: ByteStream
  receiver: ByteStream
} {
  const [sender, receiver] = memoryPair(options)
  return { sender: new ByteStream(sender), receiver: new ByteStream(receiver) }
}

test.each([
  ['whole', {}],
  ['in chunks of 1,000 bytes', { chunkSize: 1000 }],
  ['in chunks of 7 bytes, in a shared buffer', { chunkSize: 7, shared: true }],
])('ByteStream keeps its promises in memory, %s', { timeout: 60_000 }, async (_name, options) => {
  await expect(checkStream(() => pairOf(options))).resolves.toBeUndefined()
})

test('ByteStream slows the peer down at its mark, and not while a reader wants more', async () => {
  const [near, far] = memoryPair({ chunkSize: 1000 })
  const stream = new ByteStream(far, { highWaterMark: 5000 })
  near.start({ data: () => {}, end: () => {}, drain: () => {}, closed: () => {} })
  near.write(Buffer.alloc(50_000, 'x'))
  await settle()
  expect(stream.statistics().unread).toBe(6000)
  expect(far.paused).toBe(true)
  expect((await stream.readExactly(20_000)).length).toBe(20_000)
  await settle()
  expect(stream.statistics().unread).toBe(6000)
  for (let left = 30_000; left > 0; left -= 1000) await stream.readExactly(1000)
  expect(stream.statistics()).toEqual({ unread: 0, unsent: 0, written: 0 })
  stream.abort()
})

test('close() waits 2 s for a peer that does not end, and for one that reads nothing 30 s', async () => {
  using clock = MockClock.install()
  const [one, other] = memoryPair()
  const silent = new ByteStream(one)
  void new ByteStream(other)
  const closing = silent.close()
  await clock.advance(1999)
  expect(one.closed).toBe(false)
  await clock.advance(1)
  await closing
  expect(one.closed).toBe(true)

  const [near] = memoryPair()
  const stuck = new ByteStream(near)
  const writing = expect(stuck.write(Buffer.alloc(100_000))).rejects.toThrow('the stream is ended')
  const giving = stuck.close()
  await clock.advance(31_999)
  expect(near.closed).toBe(false)
  await clock.advance(1)
  await giving
  await writing
  expect(clock.pending).toBe(0)
})

test('reading goes on after the connection broke until all that came is read, and throws then', async () => {
  const { sender, receiver } = pairOf()
  await sender.write('first\nrest')
  await settle()
  sender.abort()
  await settle()
  expect(await receiver.readLine()).toBe('first')
  await expect(receiver.readLine()).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
  expect(Buffer.from((await receiver.read()) ?? []).toString()).toBe('rest')
  await expect(receiver.read()).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
  await receiver.close()
})

test('lines() takes LF and CR LF, and a last line without end', async () => {
  const { sender, receiver } = pairOf({ chunkSize: 3 })
  await sender.writeLines(['one', 'two\r', '', 'vier\u00e4'])
  await sender.writeLines(Readable.from(['five']))
  await sender.write('last')
  sender.end()
  expect(await Array.fromAsync(receiver.lines())).toEqual([
    'one',
    'two',
    '',
    'vier\u00e4',
    'five',
    'last',
  ])
  await Promise.all([sender.close(), receiver.close()])
})

test('readAll() refuses more than its limit', async () => {
  const { sender, receiver } = pairOf()
  await sender.write('12345')
  await settle()
  await expect(receiver.readAll({ limit: 4 })).rejects.toThrow(
    'Reading up to the end failed: it is not within 4 bytes',
  )
  sender.end()
  expect(Buffer.from(await receiver.readAll({ limit: 5 })).toString()).toBe('12345')
  await Promise.all([sender.close(), receiver.close()])
})

test.each([
  ['read(0)', (stream: ByteStream) => stream.read(0), 'Invalid size 0: expected 1 bytes or more'],
  ['readExactly(-1)', (stream: ByteStream) => stream.readExactly(-1), 'Invalid size -1'],
  ['readExactly(1.5)', (stream: ByteStream) => stream.readExactly(1.5), 'Invalid size 1.5'],
  ['readUntil("")', (stream: ByteStream) => stream.readUntil(''), 'a separator is not empty'],
  [
    'readUntil() with limit NaN',
    (stream: ByteStream) => stream.readUntil('x', { limit: NaN }),
    'Invalid limit NaN',
  ],
])('%s is refused', async (_name, read, message) => {
  const { sender, receiver } = pairOf()
  await expect(read(receiver)).rejects.toThrow(message)
  sender.abort()
  receiver.abort()
})

test('startTLS() is refused if the peer sent bytes before it', async () => {
  const { sender, receiver } = pairOf()
  await sender.write('injected')
  await settle()
  await expect(receiver.startTLS({ servername: 'localhost' })).rejects.toMatchObject({
    code: 'SPOOL_CONNECT',
    phase: 'tls',
  })
  await expect(receiver.read()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
  sender.abort()
})

test('copyStream() copies to the end, tells its progress, and leaves both open', async () => {
  const [from, to] = [pairOf(), pairOf()]
  const progress: number[] = []
  await from.sender.write('12345')
  from.sender.end()
  const copied = await copyStream(from.receiver, to.sender, {
    onProgress: (bytes) => progress.push(bytes),
  })
  expect([copied, progress]).toEqual([5, [5]])
  await to.sender.write('!')
  expect(Buffer.from(await to.receiver.readExactly(6)).toString()).toBe('12345!')
  for (const stream of [from.sender, from.receiver, to.sender, to.receiver]) stream.abort()
})

test('toWeb() carries both directions, and closes when both are at their end', async () => {
  const { sender, receiver } = pairOf()
  const { readable, writable } = toWeb(receiver)
  await sender.write('question')
  sender.end()
  expect(await new Response(readable).text()).toBe('question')
  const writer = writable.getWriter()
  await writer.write(Buffer.from('answer'))
  await writer.close()
  expect(Buffer.from(await sender.readAll()).toString()).toBe('answer')
  expect(receiver.closed).toBe(true)
  await sender.close()
})

test('toWeb() aborts the stream when its readable is cancelled', async () => {
  const { sender, receiver } = pairOf()
  await toWeb(receiver).readable.cancel()
  await expect(sender.read()).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
  await sender.close()
})
