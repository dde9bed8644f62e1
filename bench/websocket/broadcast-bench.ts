// What it costs to send a message to a thousand, for each message and receiver: by `Room.publish()`, and by
// a loop of `ws.send()`. And how long it takes until they have it, where many speak at once.
import type { Child } from '../harness/child-process.ts'
import type { BenchOptions } from '../harness/options.ts'
import {
  type AnyName,
  compare,
  cpuOf,
  type Name,
  names,
  resultOf,
  type Say,
  start,
  startPeer,
  type WebSocketResult,
  withFloor,
} from './compare.ts'
import type { BroadcastOrder, OpenOrder } from './contenders.ts'
import type { ChatTimes } from './latencies.ts'
import type { ChatOrder } from './peer.ts'

const receivers = 1_000
const unit = 'µs/message and receiver'
const to = `to ${receivers.toLocaleString('en')}`

const turns: readonly Pick<BroadcastOrder, 'bytes' | 'together'>[] = [
  { bytes: 100, together: 1 },
  { bytes: 1024, together: 1 },
  { bytes: 100, together: 10 },
]
// Long enough for a message to everybody to be over before the next.
const pause = 20
const isolated = [100, 1024]
const chats = [100]
const senders = 64

interface Contender {
  readonly server: Child
  readonly peer: Child
}

export async function benchBroadcast(options: BenchOptions, say: Say): Promise<WebSocketResult[]> {
  const contenders = Object.fromEntries(
    withFloor.map((name) => [name, { server: start(name, 'server'), peer: startPeer() }]),
  ) as Record<AnyName, Contender>
  try {
    for (const { server, peer } of Object.values(contenders)) {
      const port = await server.ask<number>('start')
      const order: OpenOrder = { port, connections: receivers, path: '/room' }
      await peer.ask('open', order)
    }
    return [
      ...(await benchTurns(contenders, options, say)),
      ...(await benchIsolated(contenders, options, say)),
      ...(await benchChat(contenders, options, say)),
    ]
  } finally {
    const all = Object.values(contenders).flatMap(({ server, peer }) => [server, peer])
    await Promise.all(all.map((child) => child.close()))
  }
}

/** Until all have got all of it: what is written later costs, too. */
async function broadcast({ server, peer }: Contender, order: BroadcastOrder): Promise<number> {
  const cpu = await cpuOf(server, async () => {
    await server.ask('broadcast', order)
    await peer.ask('collect', order)
  })
  return cpu / order.messages / receivers
}

async function benchTurns(
  contenders: Record<Name, Contender>,
  { requests, rounds }: BenchOptions,
  say: Say,
): Promise<WebSocketResult[]> {
  const results: WebSocketResult[] = []
  for (const kind of turns) {
    const { bytes, together } = kind
    const messages = together === 1 ? 'a message' : `${together} messages`
    const what = `${messages} of ${bytes} B a turn, ${to}`
    const order = { ...kind, pause: 0, messages: Math.ceil(requests / receivers / 10) * 20 }
    const round = (name: Name): Promise<number> => broadcast(contenders[name], order)
    for (const name of names) await broadcast(contenders[name], { ...order, messages: 50 })
    results.push(await compare(what, unit, Math.ceil(rounds / 2), names, round))
    say(`measured ${what}`)
  }
  return results
}

async function benchIsolated(
  contenders: Record<AnyName, Contender>,
  { requests, rounds }: BenchOptions,
  say: Say,
): Promise<WebSocketResult[]> {
  const results: WebSocketResult[] = []
  for (const bytes of isolated) {
    const what = `a message of ${bytes} B each ${pause} ms, ${to}`
    const messages = Math.ceil(requests / receivers / 10) * 10
    const order = { bytes, together: 1, pause, messages }
    const round = (name: AnyName): Promise<number> => broadcast(contenders[name], order)
    for (const name of withFloor) await broadcast(contenders[name], { ...order, messages: 10 })
    results.push(await compare(what, unit, Math.ceil(rounds / 2), withFloor, round))
    say(`measured ${what}`)
  }
  return results
}

async function benchChat(
  contenders: Record<Name, Contender>,
  { requests, rounds }: BenchOptions,
  say: Say,
): Promise<WebSocketResult[]> {
  const results: WebSocketResult[] = []
  for (const bytes of chats) {
    const order: ChatOrder = { bytes, senders, rounds: Math.ceil(requests / receivers / 20) }
    const times: Record<Name, ChatTimes[]> = { spool: [], ws: [] }
    const chat = async (name: Name, { rounds: some }: ChatOrder): Promise<number> => {
      const { server, peer } = contenders[name]
      const cpu = await cpuOf(server, async () => {
        times[name].push(await peer.ask('chat', { ...order, rounds: some }))
      })
      return cpu / some / senders / receivers
    }
    for (const name of names) await chat(name, { ...order, rounds: 1 })
    times.spool = []
    times.ws = []
    const what = `${senders} members send ${bytes} B each at once, ${to}`
    const some = Math.ceil(rounds / 2)
    results.push(await compare(what, unit, some, names, (name) => chat(name, order)))
    for (const share of ['median', 'p99'] as const) {
      const [spool, ws] = names.map((name) => times[name].map((time) => time[share]))
      results.push(resultOf(`… ${share} of the latency`, 'ms', { spool: spool!, ws: ws! }))
    }
    say(`measured ${what}`)
  }
  return results
}
