import { afterEach, beforeEach, expect, test } from 'vitest'
import { gather, moveOnAfter, sleep } from 'spool'
import { ByteStream, Channel, type ChannelOptions, memoryPair } from 'spool/io'
import { MockClock, settle } from 'spool/testing'

let clock: MockClock

beforeEach(() => {
  clock = MockClock.install()
})

afterEach(() => {
  clock[Symbol.dispose]()
})

function pair(
  options: ChannelOptions = {},
  chunkSize = Infinity,
): { client: Channel; server: Channel; cut: () => void; end: () => Promise<void> } {
  const [one, other] = memoryPair({ chunkSize })
  const client = new Channel(new ByteStream(one))
  const server = new Channel(new ByteStream(other), options)
  return {
    client,
    server,
    cut: () => one.reset(),
    end: async () => {
      await Promise.all([client.close(), server.close()])
      expect(clock.pending).toBe(0)
      expect(one.closed && other.closed).toBe(true)
    },
  }
}

test('send() carries whatever structured clone takes, in order, byte by byte too', async () => {
  const { client, server, end } = pair({}, 1)
  const messages = [
    1,
    'zwei',
    { three: [3n, new Date(3)], map: new Map([[{ a: 1 }, new Set([undefined])]]) },
    Uint8Array.of(1, 2, 3),
    undefined,
  ]
  for (const message of messages) await client.send(message)
  for (const message of messages) expect(await server.receive()).toEqual(message)
  await end()
})

test('for await ends when the other end says goodbye, and receive() throws', async () => {
  const { client, server, end } = pair()
  await client.send('last')
  await client.close()
  expect(await Array.fromAsync(server)).toEqual(['last'])
  await expect(server.receive()).rejects.toThrow('The other end has closed the channel')
  await expect(client.receive()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
  await expect(server.send('x')).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
  await end()
})

test('the death of the other end is an error of everybody who waits', async () => {
  const { client, server, cut, end } = pair({ onRequest: () => sleep(60_000) })
  const waiting = [
    client.request('never'),
    Array.fromAsync(client.stream('never')),
    client.receive(),
    Array.fromAsync(client),
  ]
  const failed = Promise.allSettled([...waiting, server.receive()])
  await settle()
  expect(client.statistics()).toEqual({ queued: 0, asking: 2, answering: 0 })
  expect(server.statistics()).toEqual({ queued: 0, asking: 0, answering: 2 })
  cut()
  for (const result of await failed) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SPOOL_BROKEN' } })
  }
  await expect(client.request('more')).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
  expect(server.statistics()).toEqual({ queued: 0, asking: 0, answering: 0 })
  await end()
})

test('request() gets the answer to its own question, whatever the order of answers', async () => {
  const { client, end } = pair({
    onRequest: async (value) => {
      await sleep(100 - (value as number) * 10)
      return (value as number) ** 2
    },
  })
  const answers = Promise.all([1, 2, 3].map((value) => client.request(value)))
  await settle()
  await clock.advance(100)
  expect(await answers).toEqual([1, 4, 9])
  await end()
})

test('request() throws what the other end threw, by name, message and code', async () => {
  const { client, end } = pair({
    onRequest: (value) => {
      if (value === 'clone') return () => undefined
      if (value === 'string') throw 'just text' // oxlint-disable-line typescript/only-throw-error
      throw Object.assign(new RangeError('too far'), { code: 'E_FAR' })
    },
  })
  await expect(client.request(1)).rejects.toMatchObject({
    code: 'SPOOL_REMOTE',
    message: 'The other end failed: RangeError: too far',
    remoteName: 'RangeError',
    remoteCode: 'E_FAR',
  })
  await expect(client.request('string')).rejects.toThrow('The other end failed: Error: just text')
  await expect(client.request('clone')).rejects.toThrow('could not be cloned')
  await expect(client.request(() => undefined)).rejects.toThrow('could not be cloned')
  expect(client.statistics().asking).toBe(0)
  await end()
})

test('request() that is cancelled ends the work at the other end', async () => {
  const log: string[] = []
  const { client, server, end } = pair({
    onRequest: async () => {
      try {
        await sleep(60_000)
      } finally {
        log.push('stopped')
      }
    },
  })
  const asking = moveOnAfter(10, () => client.request('slow'))
  await settle()
  await clock.advance(10)
  expect((await asking).timedOut).toBe(true)
  await settle()
  expect(log).toEqual(['stopped'])
  expect([client.statistics().asking, server.statistics().answering]).toEqual([0, 0])
  await end()
})

test('stream() takes answers as they are made, and no more are made than are taken and on their way', async () => {
  let made = 0
  const { client, end } = pair({
    onRequest: async function* count(limit) {
      while (made < (limit as number)) yield ++made
    },
  })
  const answers = client.stream<number>(1000)
  expect((await answers.next()).value).toBe(1)
  await settle()
  expect(made).toBeLessThan(40)
  let sum = 1
  for await (const answer of answers) sum += answer
  expect(sum).toBe(500_500)
  await end()
})

test('stream() that is left ends the generator at the other end', async () => {
  const log: string[] = []
  const { client, server, end } = pair({
    onRequest: async function* forever() {
      try {
        for (let index = 0; ; index++) yield index
      } finally {
        log.push('stopped')
      }
    },
  })
  for await (const answer of client.stream('go')) if (answer === 5) break
  await settle()
  expect(log).toEqual(['stopped'])
  expect(server.statistics().answering).toBe(0)
  await end()
})

function* oneAndNoMore(): Generator<string> {
  yield 'one'
  throw new Error('no more')
}

test('stream() throws what the other end throws after the answers before it', async () => {
  const { client, end } = pair({
    onRequest: oneAndNoMore,
  })
  const got: unknown[] = []
  const failure = await (async () => {
    for await (const answer of client.stream('go')) got.push(answer)
  })().catch((error: unknown) => error)
  expect([got, (failure as Error).message]).toEqual([
    ['one'],
    'The other end failed: Error: no more',
  ])
  await end()
})

test('a channel that is not read slows the other end down', async () => {
  const [one, other] = memoryPair()
  const client = new Channel(new ByteStream(one))
  const server = new Channel(new ByteStream(other), { maxQueue: 10 })
  let sent = 0
  await gather(
    async () => {
      for (; sent < 3000; sent++) await client.send('x'.repeat(1000))
    },
    async () => {
      await settle()
      expect(sent).toBeLessThan(300)
      expect(server.statistics().queued).toBe(10)
      for (let index = 0; index < 3000; index++) await server.receive()
    },
  )
  expect(sent).toBe(3000)
  await Promise.all([client.close(), server.close()])
})

test('requests are refused where nobody answers, and where too many are worked on', async () => {
  const { client, server, end } = pair({ onRequest: () => sleep(60_000), maxRequests: 1 })
  await expect(server.request('x')).rejects.toMatchObject({ remoteCode: 'SPOOL_USAGE' })
  void client.request('first').catch(() => undefined)
  await settle()
  await expect(client.request('second')).rejects.toMatchObject({ remoteCode: 'SPOOL_BUSY' })
  await end()
})

test('messages over the limit are refused by who sends, and end the channel of who gets them', async () => {
  const [one, other] = memoryPair()
  const large = new Channel(new ByteStream(one))
  const small = new Channel(new ByteStream(other), { maxMessageSize: 100 })
  await expect(small.send('x'.repeat(200))).rejects.toMatchObject({ code: 'SPOOL_LIMIT' })
  await large.send('x'.repeat(200))
  await expect(small.receive()).rejects.toMatchObject({
    code: 'SPOOL_BROKEN',
    cause: { code: 'SPOOL_LIMIT' },
  })
  await Promise.all([large.close(), small.close()])
})

test('bytes that are no frame end the channel with an error', async () => {
  const [one, other] = memoryPair()
  const channel = new Channel(new ByteStream(other))
  one.start({ data: () => {}, end: () => {}, drain: () => {}, closed: () => {} })
  one.write(Uint8Array.of(0, 0, 0, 3, 1, 2, 3))
  await expect(channel.receive()).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
  await channel.close()
})

test('Channel refuses limits that are none', () => {
  const [one] = memoryPair()
  const stream = new ByteStream(one)
  expect(() => new Channel(stream, { maxMessageSize: 0 })).toThrow('Invalid maxMessageSize 0')
  expect(() => new Channel(stream, { maxQueue: NaN })).toThrow('Invalid maxQueue NaN')
  stream.abort()
})

test('close() in a request handler cancels it and the others, says goodbye, and ends', async () => {
  const order: string[] = []
  const { client, server, end } = pair({
    onRequest: async (value) => {
      if (value === 'stay') {
        await sleep(Infinity).finally(() => order.push('the other was cancelled'))
      }
      await server.close()
      order.push('closed')
      await sleep(1).catch((error: unknown) => order.push((error as Error).name))
    },
  })
  const asked = Promise.allSettled([client.request('stay'), client.request('close')])
  await settle()
  expect(server.closed).toBe(true)
  expect(order).toEqual(['the other was cancelled', 'closed', 'CancelledError'])
  const reasons = (await asked).map((result) => result.status === 'rejected' && result.reason)
  expect(reasons).toEqual([
    expect.objectContaining({ code: 'SPOOL_BROKEN' }),
    expect.objectContaining({ code: 'SPOOL_BROKEN' }),
  ])
  await end()
})
