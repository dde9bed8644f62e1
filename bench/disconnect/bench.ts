// What servers go on doing for clients that have left: 200 of them leave 50 ms after they asked for something
// that takes two seconds and asks an upstream every 50 ms.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { Child } from '../harness/child-process.ts'
import { type Contender, versionOf } from '../harness/contenders.ts'
import { writeResults } from '../harness/result-file.ts'
import { table } from '../harness/table.ts'
import type { Polling } from './polling.ts'

const clients = 200

interface Way extends Contender {
  /** Whether the handler hands a signal on. */
  signal: boolean
}

const fastify = { file: 'peers/fastify-disconnect.ts', package: 'fastify' }
const hono = { file: 'peers/hono-disconnect.ts', package: 'hono' }
const node = { file: 'disconnect/node-server.ts' }
const ways: readonly Way[] = [
  { name: 'spool', file: 'disconnect/spool-server.ts', signal: false },
  { name: 'node:http', ...node, signal: false },
  { name: 'node:http', ...node, signal: true },
  { name: 'fastify', ...fastify, signal: false },
  { name: 'fastify', ...fastify, signal: true },
  { name: 'hono', ...hono, signal: false },
  { name: 'hono', ...hono, signal: true },
]

interface DisconnectResult {
  name: string
  signal: boolean
  /** Handlers that run when the clients leave, and 300 ms later. */
  before: number
  after: number
  /** How often they asked the upstream after their clients had left, in all. */
  polls: number
}

export async function benchDisconnect(say: (line: string) => void): Promise<void> {
  const upstream = createServer((_request, response) => response.end('still going'))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const results: DisconnectResult[] = []
  try {
    for (const way of ways) {
      say(`measuring ${way.name}${way.signal ? ' with a signal' : ''}`)
      results.push(await measure(way, port))
    }
  } finally {
    upstream.closeAllConnections()
    upstream.close()
  }
  console.log(
    table(
      ['server', 'handlers when clients leave', '300 ms later', 'calls upstream for nobody'],
      results.map(({ name, signal, before, after, polls }) => [
        signal ? `${name}, the handler hands its signal on` : name,
        String(before),
        String(after),
        String(polls),
      ]),
    ),
  )
  console.log(`\nWritten to ${writeResults('disconnect', { clients }, results)}`)
}

async function measure(way: Way, upstream: number): Promise<DisconnectResult> {
  const child = new Child(way.name, new URL(`../${way.file}`, import.meta.url))
  try {
    const port = await child.ask<number>('start', { upstream, signal: way.signal })
    const sockets = await Promise.all(Array.from({ length: clients }, () => ask(port)))
    let before = await child.ask<Polling>('counts')
    while (before.running < clients) {
      await setTimeout(5)
      before = await child.ask<Polling>('counts')
    }
    await setTimeout(50)
    before = await child.ask<Polling>('counts')
    for (const socket of sockets) socket.destroy()
    await setTimeout(300)
    const { running } = await child.ask<Polling>('counts')
    let last = await child.ask<Polling>('counts')
    while (last.running > 0) {
      await setTimeout(100)
      last = await child.ask<Polling>('counts')
    }
    const name = `${way.name} ${versionOf(way)}`.trimEnd()
    return {
      name,
      signal: way.signal,
      before: before.running,
      after: running,
      polls: last.polls - before.polls,
    }
  } finally {
    await child.close()
  }
}

async function ask(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
  return socket
}
