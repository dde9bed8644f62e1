import { Child } from '../harness/child-process.ts'
import type { Usage } from '../harness/child.ts'
import { median } from '../harness/statistics.ts'

export const names = ['spool', 'ws'] as const
export type Name = (typeof names)[number]
/** With what is measured beside them where it tells something: a bare socket. */
export const withFloor = [...names, 'floor'] as const
export type AnyName = (typeof withFloor)[number]

export interface WebSocketResult {
  what: string
  unit: string
  /** Medians over the rounds. */
  spool: number
  ws: number
  floor?: number
  /** Median over the rounds of ours divided by theirs in the same round. */
  ratio: number
  rounds: Partial<Record<AnyName, number[]>>
}

export type Say = (line: string) => void

export function start(
  name: AnyName,
  role: 'server' | 'client',
  nodeOptions: readonly string[] = [],
): Child {
  return new Child(`${name} ${role}`, new URL(`${name}-${role}.ts`, import.meta.url), nodeOptions)
}

export function startPeer(): Child {
  return new Child('peer', new URL('peer.ts', import.meta.url))
}

/** What a process uses while something is done. Microseconds. */
export async function cpuOf(child: Child, work: () => Promise<unknown>): Promise<number> {
  const before = await child.ask<Usage>('usage')
  await work()
  const after = await child.ask<Usage>('usage')
  return after.cpu - before.cpu
}

/** Rounds of all in turns; `round` returns what one round of one of them cost. */
export async function compare<N extends AnyName>(
  what: string,
  unit: string,
  rounds: number,
  contenders: readonly N[],
  round: (name: N) => Promise<number>,
): Promise<WebSocketResult> {
  const measured: Partial<Record<AnyName, number[]>> = {}
  for (let at = 0; at < rounds; at++) {
    // To and fro, so that none always runs after the others.
    for (const name of at % 2 === 0 ? contenders : contenders.toReversed()) {
      const before = measured[name] ?? []
      measured[name] = [...before, await round(name)]
    }
  }
  return resultOf(what, unit, measured)
}

/** Medians of what was measured. */
export function resultOf(
  what: string,
  unit: string,
  rounds: Partial<Record<AnyName, number[]>>,
): WebSocketResult {
  const { spool = [], ws = [], floor } = rounds
  return {
    what,
    unit,
    spool: median(spool),
    ws: median(ws),
    ...(floor === undefined ? {} : { floor: median(floor) }),
    ratio: median(spool.map((value, at) => value / (ws[at] ?? Number.NaN))),
    rounds,
  }
}
