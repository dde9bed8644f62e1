// The other end of every contender: raw sockets that know just enough of RFC 6455 to be answered.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { obey } from '../harness/child.ts'
import type { OpenOrder } from './contenders.ts'
import { answerTo } from './handshake.ts'
import { type ChatTimes, FrameScan, Latencies } from './latencies.ts'

export interface EchoOrder {
  messages: number
  bytes: number
  binary: boolean
}

export interface ChatOrder {
  rounds: number
  senders: number
  bytes: number
}

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const fields = `Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`
const mask = [0x12, 0x34, 0x56, 0x78] as const

// Read and forgotten: one buffer does for all connections.
const shared = Buffer.allocUnsafe(64 * 1024)

class Peer {
  readonly socket: Socket
  received = 0
  /** Of those whose messages are looked at. */
  scan: FrameScan | undefined = undefined
  /** Told when something came; the answer of the handshake first. */
  onRead: () => void = () => undefined

  constructor(port: number) {
    this.socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (count) => {
          this.received += count
          this.scan?.read(shared.subarray(0, count))
          this.onRead()
          return true
        },
      },
    })
  }

  async open(path: string): Promise<void> {
    this.socket.write(`GET ${path} HTTP/1.1\r\n${fields}`)
    await new Promise<void>((resolve) => (this.onRead = resolve))
    if (!shared.toString('latin1', 0, 12).endsWith(' 101')) throw new Error('No 101 came')
    this.received = 0
  }
}

let peers: Peer[] = []

/** A frame as a client sends it. */
function maskedFrame(bytes: number, binary: boolean, text = ''): Buffer {
  const head = [binary ? 0x82 : 0x81]
  if (bytes > 125) head.push(0xfe, bytes >> 8, bytes & 0xff)
  else head.push(0x80 | bytes)
  const payload = Buffer.alloc(bytes, 'x')
  payload.write(text)
  for (let at = 0; at < bytes; at++) payload[at]! ^= mask[at & 3]!
  return Buffer.concat([Buffer.from([...head, ...mask]), payload])
}

/** What a server's frame with as much in it is long. */
function frameLength(bytes: number): number {
  return bytes + (bytes > 125 ? 4 : 2)
}

/** Each connection sends a message when the one before is back. */
async function echo({ messages, bytes, binary }: EchoOrder): Promise<void> {
  const frame = maskedFrame(bytes, binary)
  const length = frameLength(bytes)
  let toSend = messages
  let left = messages
  const send = (peer: Peer): void => {
    if (toSend-- > 0) peer.socket.write(frame)
  }
  await new Promise<void>((resolve) => {
    for (const peer of peers) {
      peer.received = 0
      peer.onRead = () => {
        while (peer.received >= length) {
          peer.received -= length
          if (--left === 0) resolve()
          else send(peer)
        }
      }
      send(peer)
    }
  })
}

/** Waits until each has got as many messages. */
async function collect({ messages, bytes }: Omit<EchoOrder, 'binary'>): Promise<void> {
  const expected = messages * frameLength(bytes)
  await Promise.all(
    peers.map(
      (peer) =>
        new Promise<void>((resolve, reject) => {
          peer.onRead = () => {
            if (peer.received > expected) reject(new Error(`More than ${expected} bytes came`))
            if (peer.received >= expected) resolve()
          }
          peer.onRead()
        }),
    ),
  )
  for (const peer of peers) peer.received = 0
}

/** As many as `senders` send a message each at once, again and again, and all get all of them. */
async function chat({ rounds, senders, bytes }: ChatOrder): Promise<ChatTimes> {
  const latencies = new Latencies()
  const length = frameLength(bytes)
  const seen = peers.filter((_, at) => at % 50 === 0)
  for (const peer of seen) peer.scan = new FrameScan(latencies, length - bytes, length)
  for (let round = 0; round < rounds; round++) {
    for (const { socket } of peers.slice(0, senders)) {
      socket.write(maskedFrame(bytes, false, latencies.begin()))
    }
    await collect({ messages: senders, bytes })
  }
  for (const peer of seen) peer.scan = undefined
  return latencies.summary()
}

/** Opens WebSockets to whoever asks, and says nothing. */
async function listen(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (head) => socket.write(answerTo(head.toString('latin1'))))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

obey({
  open: async ({ port, connections, path = '/' }: OpenOrder) => {
    for (const { socket } of peers) socket.destroy()
    peers = []
    for (let at = 0; at < connections; at++) {
      const peer = new Peer(port)
      peers.push(peer)
      await peer.open(path)
    }
  },
  /** What is open stays so, and is forgotten. */
  keep: () => {
    peers = []
  },
  echo,
  collect,
  chat,
  listen,
})
