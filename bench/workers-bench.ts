// How requests are shared among workers, and what one costs there, beside a server of one process. The load
// generator has a core to itself where the system has `taskset`: three busy processes on two cores would
// measure how they push each other aside.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { Child } from './harness/child-process.ts'
import type { Usage } from './harness/child.ts'
import type { BenchOptions } from './harness/options.ts'
import { median } from './harness/statistics.ts'
import { table } from './harness/table.ts'

export interface WorkersResult {
  workers: number
  /** Medians of CPU time, microseconds for each request, of all processes together. */
  cpu: number
  /** Of the CPU time of one process in the same round. */
  ratio: number
  /** In percent: the least and the most that one worker had in any round. */
  least: number
  most: number
  resident: number
}

type Shares = Record<string, number>

interface Running {
  workers: number
  child: Child
  port: number
  cpu: number[]
  shares: number[]
}

export async function benchWorkers(
  { rounds, requests, warmUp, connections }: BenchOptions,
  say: (line: string) => void,
): Promise<WorkersResult[]> {
  const generator = new Child('load generator', new URL('load-generator.ts', import.meta.url))
  const file = new URL('spool-workers.ts', import.meta.url)
  const running: Running[] = []

  async function round(one: Running, count: number): Promise<void> {
    const { child, port } = one
    const load = { row: 'hello', port, connections, each: 10, constant: false }
    await generator.ask('open', load)
    const had = await child.ask<Shares>('shares')
    const before = await child.ask<Usage>('usage')
    await generator.ask('run', count)
    const after = await child.ask<Usage>('usage')
    await generator.ask('close')
    const has = await child.ask<Shares>('shares')
    one.cpu.push((after.cpu - before.cpu) / count)
    const answered = Object.entries(has).map(([pid, all]) => all - (had[pid] ?? 0))
    const sum = answered.reduce((all, own) => all + own, 0)
    one.shares.push(...answered.map((own) => (100 * own) / sum))
  }

  try {
    if (!pin(generator.pid, '0')) say('The load generator shares its core: there is no taskset')
    for (const workers of [0, 1, 2]) {
      const child = new Child(`${workers} workers`, file)
      const port = await child.ask<number>('start', workers)
      const one: Running = { workers, child, port, cpu: [], shares: [] }
      running.push(one)
      const processes = Object.keys(await child.ask<Shares>('shares')).map(Number)
      for (const pid of processes) pin(pid, `1-${availableParallelism() - 1}`)
      await round(one, warmUp)
      one.cpu.length = one.shares.length = 0
      say(`warmed up ${workers} workers`)
    }
    for (let at = 0; at < rounds; at++) {
      for (const one of at % 2 === 0 ? running : running.toReversed()) await round(one, requests)
      say(`round ${at + 1} of ${rounds}`)
    }
    const alone = running[0]?.cpu ?? []
    return await Promise.all(
      running.map(async ({ workers, child, cpu, shares }) => ({
        workers,
        cpu: median(cpu),
        ratio: median(cpu.map((value, at) => value / (alone[at] ?? Number.NaN))),
        least: Math.min(...shares),
        most: Math.max(...shares),
        resident: (await child.ask<Usage>('usage')).resident,
      })),
    )
  } finally {
    await Promise.all([generator.close(), ...running.map(({ child }) => child.close())])
  }
}

function pin(pid: number, cores: string): boolean {
  if (availableParallelism() < 2) return false
  return spawnSync('taskset', ['-acp', cores, String(pid)]).status === 0
}

export function workersTable(results: readonly WorkersResult[]): string {
  return table(
    ['workers', 'CPU µs/request', '× one process', 'share of one worker, %', 'RSS MB'],
    results.map(({ workers, cpu, ratio, least, most, resident }) => [
      workers === 0 ? 'none: one process' : String(workers),
      cpu.toFixed(1),
      ratio.toFixed(2),
      `${least.toFixed(1)}–${most.toFixed(1)}`,
      (resident / 1e6).toFixed(0),
    ]),
  )
}
