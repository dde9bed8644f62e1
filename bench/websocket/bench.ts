// What WebSockets cost, against the `ws` package, whose framing Spool uses: CPU time of the server's
// process for each message that is echoed and for each receiver of one that is sent to many, and the
// memory of connections that say nothing.
import { Child } from '../harness/child-process.ts'
import type { Memory, Usage } from '../harness/child.ts'
import type { BenchOptions } from '../harness/options.ts'
import { profileFile } from '../harness/result-file.ts'
import { median } from '../harness/statistics.ts'
import { table } from '../harness/table.ts'
import type { BroadcastOrder, OpenOrder } from './contenders.ts'
import type { EchoOrder } from './peer.ts'

const names = ['spool', 'ws'] as const
type Name = (typeof names)[number]

export interface WebSocketResult {
  what: string
  unit: string
  /** Medians over the rounds. */
  spool: number
  ws: number
  /** Median over the rounds of ours divided by theirs in the same round. */
  ratio: number
  rounds: Record<Name, number[]>
}

const echoes: readonly Omit<EchoOrder, 'messages'>[] = [
  { bytes: 32, binary: false },
  { bytes: 1024, binary: false },
  { bytes: 32, binary: true },
  { bytes: 1024, binary: true },
]
const broadcasts: readonly Omit<BroadcastOrder, 'messages'>[] = [
  { bytes: 100, together: 1 },
  { bytes: 1024, together: 1 },
  { bytes: 100, together: 10 },
]

const receivers = 1_000
const idleConnections = 1_000
// Of the warm-up of a whole bench, since each row has its own.
const warmUpShare = 0.25

type Say = (line: string) => void

function start(name: Name, role: 'server' | 'client', nodeOptions: readonly string[] = []): Child {
  return new Child(`${name} ${role}`, new URL(`${name}-${role}.ts`, import.meta.url), nodeOptions)
}

function startPeer(): Child {
  return new Child('peer', new URL('peer.ts', import.meta.url))
}

async function cpuOf(child: Child, work: () => Promise<unknown>): Promise<number> {
  const before = await child.ask<Usage>('usage')
  await work()
  const after = await child.ask<Usage>('usage')
  return after.cpu - before.cpu
}

/** Rounds of both in turns; `round` returns what one round of one of them cost. */
async function compare(
  what: string,
  unit: string,
  rounds: number,
  round: (name: Name) => Promise<number>,
): Promise<WebSocketResult> {
  const measured: Record<Name, number[]> = { spool: [], ws: [] }
  for (let at = 0; at < rounds; at++) {
    // To and fro, so that none always runs after the other.
    for (const name of at % 2 === 0 ? names : names.toReversed()) {
      measured[name].push(await round(name))
    }
  }
  const { spool, ws } = measured
  return {
    what,
    unit,
    spool: median(spool),
    ws: median(ws),
    ratio: median(spool.map((value, at) => value / (ws[at] ?? Number.NaN))),
    rounds: measured,
  }
}

export async function benchWebSockets(options: BenchOptions, say: Say): Promise<WebSocketResult[]> {
  const wanted = (group: string): boolean =>
    options.only.length === 0 || options.only.includes(group)
  const results: WebSocketResult[] = []
  if (wanted('echo') || wanted('broadcast')) results.push(...(await benchServers(options, say)))
  for (const role of ['server', 'client'] as const) {
    if (wanted('idle')) results.push(...(await benchIdle(role, options, say)))
  }
  return results
}

async function benchServers(options: BenchOptions, say: Say): Promise<WebSocketResult[]> {
  const { rounds, requests, warmUp, connections, profile, only } = options
  const wanted = (group: string): boolean => only.length === 0 || only.includes(group)
  const children = {
    spool: { server: start('spool', 'server'), peer: startPeer() },
    ws: { server: start('ws', 'server'), peer: startPeer() },
  }
  const profiled = names.find((name) => name === profile)
  const results: WebSocketResult[] = []
  try {
    const open = async (count: number, path: string): Promise<void> => {
      for (const { server, peer } of Object.values(children)) {
        const port = await server.ask<number>('start')
        const order: OpenOrder = { port, connections: count, path }
        await peer.ask('open', order)
      }
    }
    const echo = async (name: Name, order: EchoOrder): Promise<number> => {
      const { server, peer } = children[name]
      const cpu = await cpuOf(server, () => peer.ask('echo', order))
      return cpu / order.messages
    }
    const broadcast = async (name: Name, order: BroadcastOrder): Promise<number> => {
      const { server, peer } = children[name]
      const cpu = await cpuOf(server, () => server.ask('broadcast', order))
      await peer.ask('collect', order)
      return cpu / order.messages / receivers
    }

    if (wanted('echo')) {
      await open(connections, '/')
      for (const kind of echoes) {
        for (const name of names) {
          await echo(name, { ...kind, messages: Math.ceil(warmUp * warmUpShare) })
        }
      }
      if (profiled) await children[profiled].server.ask('startProfile')
      for (const kind of echoes) {
        const what = `echo of ${kind.bytes} B, ${kind.binary ? 'binary' : 'text'}`
        const order = { ...kind, messages: requests * 2 }
        const some = Math.ceil(rounds / 2)
        results.push(await compare(what, 'µs/message', some, (name) => echo(name, order)))
        say(`measured ${what}`)
      }
      if (profiled) {
        const file = profileFile('websocket', profiled)
        await children[profiled].server.ask('stopProfile', file)
      }
    }
    if (wanted('broadcast')) {
      await open(receivers, '/room')
      for (const kind of broadcasts) {
        const { bytes, together } = kind
        const messages = together === 1 ? 'a message' : `${together} messages`
        const what = `${messages} of ${bytes} B a turn, to ${receivers.toLocaleString('en')}`
        for (const name of names) await broadcast(name, { ...kind, messages: 50 })
        const order = { ...kind, messages: Math.ceil(requests / receivers / 10) * 20 }
        const some = Math.ceil(rounds / 2)
        const unit = 'µs/message and receiver'
        results.push(await compare(what, unit, some, (name) => broadcast(name, order)))
        say(`measured ${what}`)
      }
    }
    return results
  } finally {
    const all = Object.values(children).flatMap(({ server, peer }) => [server, peer])
    await Promise.all(all.map((child) => child.close()))
  }
}

/** Memory with many connections, less that of the same process with none of them. */
async function benchIdle(
  role: 'server' | 'client',
  { quick }: BenchOptions,
  say: Say,
): Promise<WebSocketResult[]> {
  const heaps: Record<Name, number[]> = { spool: [], ws: [] }
  const residents: Record<Name, number[]> = { spool: [], ws: [] }
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const name of names) {
      const { heap, resident } = await idleMemory(role, name)
      heaps[name].push(heap / 1000)
      residents[name].push(resident / 1000)
    }
  }
  say(`measured idle ${role}s`)
  const result = (what: string, rounds: Record<Name, number[]>): WebSocketResult => {
    const [spool, ws] = [median(rounds.spool), median(rounds.ws)]
    return {
      what: `idle connection of a ${role}, ${what}`,
      unit: 'KB',
      spool,
      ws,
      ratio: spool / ws,
      rounds,
    }
  }
  return [result('heap', heaps), result('resident', residents)]
}

async function idleMemory(role: 'server' | 'client', name: Name): Promise<Memory> {
  const peer = startPeer()
  const child = start(name, role, ['--expose-gc'])
  try {
    const port = role === 'server' ? await child.ask<number>('start') : await peer.ask('listen')
    const open = (connections: number): Promise<unknown> =>
      (role === 'server' ? peer : child).ask('open', { port, connections })
    // What the first ones make stays: code, caches, pools.
    await open(200)
    if (role === 'server') await peer.ask('keep')
    const before = await child.ask<Memory>('memory')
    await open(idleConnections)
    const after = await child.ask<Memory>('memory')
    return {
      heap: (after.heap - before.heap) / idleConnections,
      resident: (after.resident - before.resident) / idleConnections,
    }
  } finally {
    await Promise.all([peer.close(), child.close()])
  }
}

export function webSocketTable(results: readonly WebSocketResult[]): string {
  return table(
    ['what', 'unit', 'spool', 'ws', 'spool / ws'],
    results.map(({ what, unit, spool, ws, ratio }) => [
      what,
      unit,
      spool.toFixed(2),
      ws.toFixed(2),
      ratio.toFixed(2),
    ]),
  )
}
