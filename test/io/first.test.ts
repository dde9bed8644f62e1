import { expect, test } from 'vitest'
import { connect, listen, memoryPair, type Sink, type Transport } from '../../src/io/index.ts'

function collect(transport: Transport): { events: string[]; closed: Promise<void> } {
  const events: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const sink: Sink = {
    data: (bytes) => events.push(Buffer.from(bytes).toString('latin1')),
    end: () => {
      events.push('end')
      transport.end()
    },
    drain: () => events.push('drain'),
    closed: (error) => {
      events.push(error ? `closed ${error.message}` : 'closed')
      resolve()
    },
  }
  transport.start(sink)
  return { events, closed: promise }
}

test('connect() and listen() carry bytes both ways and close', async () => {
  const arrived = Promise.withResolvers<Transport>()
  await using listener = await listen({ host: '127.0.0.1' }, arrived.resolve)
  const readBuffer = Buffer.alloc(65536)
  const client = await connect({ host: '127.0.0.1', port: listener.port ?? 0, readBuffer })
  const server = await arrived.promise
  const a = collect(client)
  const b = collect(server)
  client.write('hello')
  server.write('world')
  client.end()
  await Promise.all([a.closed, b.closed])
  expect(a.events).toEqual(['world', 'end', 'closed'])
  expect(b.events).toEqual(['hello', 'end', 'closed'])
  expect(listener.statistics()).toEqual({ connections: 0, accepted: 1, refused: 0, failed: 0 })
})

test('memoryPair() carries bytes both ways and closes', async () => {
  const [client, server] = memoryPair()
  const a = collect(client)
  const b = collect(server)
  client.write('hello')
  server.write('world')
  client.end()
  await Promise.all([a.closed, b.closed])
  expect(a.events).toEqual(['world', 'end', 'closed'])
  expect(b.events).toEqual(['hello', 'end', 'closed'])
})
