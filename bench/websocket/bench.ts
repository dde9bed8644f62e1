// What WebSockets cost, against the `ws` package: CPU time of the server's
// process for each message that is echoed and for each receiver of one that is sent to many, and the
// memory of connections that say nothing.
import type { Memory } from '../harness/child.ts'
import type { BenchOptions } from '../harness/options.ts'
import { profileFile } from '../harness/result-file.ts'
import { table } from '../harness/table.ts'
import { benchBroadcast } from './broadcast-bench.ts'
import {
  compare,
  cpuOf,
  type Name,
  names,
  resultOf,
  type Say,
  start,
  startPeer,
  type WebSocketResult,
} from './compare.ts'
import type { OpenOrder } from './contenders.ts'
import type { EchoOrder } from './peer.ts'

const echoes: readonly Omit<EchoOrder, 'messages'>[] = [
  { bytes: 32, binary: false },
  { bytes: 1024, binary: false },
  { bytes: 32, binary: true },
  { bytes: 1024, binary: true },
]
// What comes with the first ones is not theirs: code that is compiled and caches, and the room that the
// collector of garbage gives to what is young. The more there are, the less of the rest of that is seen.
const firstConnections = 1_000
const idleConnections = 4_000
// Of the warm-up of a whole bench, since each row has its own.
const warmUpShare = 0.25

export async function benchWebSockets(options: BenchOptions, say: Say): Promise<WebSocketResult[]> {
  const wanted = (group: string): boolean =>
    options.only.length === 0 || options.only.includes(group)
  const results: WebSocketResult[] = []
  if (wanted('echo')) results.push(...(await benchEchoes(options, say)))
  if (wanted('broadcast')) results.push(...(await benchBroadcast(options, say)))
  for (const role of ['server', 'client'] as const) {
    if (wanted('idle')) results.push(...(await benchIdle(role, options, say)))
  }
  return results
}

async function benchEchoes(options: BenchOptions, say: Say): Promise<WebSocketResult[]> {
  const { rounds, requests, warmUp, connections, profile } = options
  const children = {
    spool: { server: start('spool', 'server'), peer: startPeer() },
    ws: { server: start('ws', 'server'), peer: startPeer() },
  }
  const profiled = names.find((name) => name === profile)
  const results: WebSocketResult[] = []
  try {
    for (const { server, peer } of Object.values(children)) {
      const port = await server.ask<number>('start')
      const order: OpenOrder = { port, connections, path: '/' }
      await peer.ask('open', order)
    }
    const echo = async (name: Name, order: EchoOrder): Promise<number> => {
      const { server, peer } = children[name]
      const cpu = await cpuOf(server, () => peer.ask('echo', order))
      return cpu / order.messages
    }
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
      results.push(await compare(what, 'µs/message', some, names, (name) => echo(name, order)))
      say(`measured ${what}`)
    }
    if (profiled) {
      const file = profileFile('websocket', profiled)
      await children[profiled].server.ask('stopProfile', file)
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
  const result = (what: string, rounds: Record<Name, number[]>): WebSocketResult =>
    resultOf(`idle connection of a ${role}, ${what}`, 'KB', rounds)
  return [result('heap', heaps), result('resident', residents)]
}

async function idleMemory(role: 'server' | 'client', name: Name): Promise<Memory> {
  const peer = startPeer()
  const child = start(name, role, ['--expose-gc'])
  try {
    const port = role === 'server' ? await child.ask<number>('start') : await peer.ask('listen')
    const open = (connections: number): Promise<unknown> =>
      (role === 'server' ? peer : child).ask('open', { port, connections })
    await open(firstConnections)
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
    ['what', 'unit', 'spool', 'ws', 'floor', 'spool / ws'],
    results.map(({ what, unit, spool, ws, floor, ratio }) => [
      what,
      unit,
      spool.toFixed(2),
      ws.toFixed(2),
      floor?.toFixed(2) ?? '',
      ratio.toFixed(2),
    ]),
  )
}
