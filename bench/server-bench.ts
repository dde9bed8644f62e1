// CPU time of a server process for each request, all contenders under the same load.
import { Child } from './harness/child-process.ts'
import { startContender, versionOf } from './harness/contenders.ts'
import { profileFile } from './harness/result-file.ts'
import type { Contender } from './harness/contenders.ts'
import type { Usage } from './harness/child.ts'
import type { Measured, Round } from './harness/measurement.ts'
import type { BenchOptions } from './harness/options.ts'
import { rowNamed } from './rows.ts'
import type { LoadOptions, LoadRound } from './load-generator.ts'

export const serverContenders: readonly Contender[] = [
  { name: 'floor', file: 'floor-server.ts', constant: true },
  { name: 'spool', file: 'spool-server.ts' },
  { name: 'fastify', file: 'peers/fastify-server.ts', package: 'fastify' },
  { name: 'hono', file: 'peers/hono-server.ts', package: 'hono' },
  { name: 'node:http', file: 'node-http-server.ts' },
  { name: 'aiohttp', file: 'peers/aiohttp-server.ts', python: 'aiohttp', warmUpShare: 0.05 },
]

interface Running {
  contender: Contender
  child: Child
  load: LoadOptions
  responseLength: number
  warmUp: number
  rounds: Round[]
}

export async function benchServers(
  contenders: readonly Contender[],
  options: BenchOptions,
  say: (line: string) => void,
): Promise<Measured[]> {
  const generator = new Child('load generator', new URL('load-generator.ts', import.meta.url))
  const running: Running[] = []
  const { share = 1, each = 10, connections = options.connections } = rowNamed(options.row)
  const requests = Math.max(Math.ceil(options.requests * share), 2 * connections)

  async function round(one: Running, requests: number): Promise<Round> {
    const { child, load } = one
    one.responseLength = await generator.ask<number>('open', load)
    const before = await child.ask<Usage>('usage')
    const { p99 } = await generator.ask<LoadRound>('run', requests)
    const after = await child.ask<Usage>('usage')
    await generator.ask('close')
    return { cpu: (after.cpu - before.cpu) / requests, p99 }
  }

  try {
    for (const contender of contenders) {
      const child = startContender(contender)
      const load = {
        row: options.row,
        port: 0,
        connections: Math.min(connections, options.connections),
        each,
        constant: contender.constant ?? false,
      }
      const one: Running = { contender, child, load, responseLength: 0, warmUp: 0, rounds: [] }
      running.push(one)
      load.port = await child.ask<number>('start', options.row)
      one.warmUp = Math.ceil(options.warmUp * share * (contender.warmUpShare ?? 1))
      const { cpu } = await round(one, one.warmUp)
      say(`warmed up ${contender.name} (${cpu.toFixed(1)} µs/request so far)`)
    }
    checkFloor(running)
    const profiled = running.find(({ contender }) => contender.name === options.profile)
    await profiled?.child.ask('startProfile')
    for (let at = 0; at < options.rounds; at++) {
      // To and fro, so that none always runs after the same other one.
      for (const one of at % 2 === 0 ? running : running.toReversed()) {
        one.rounds.push(await round(one, requests))
      }
      say(`round ${at + 1} of ${options.rounds}`)
    }
    await profiled?.child.ask('stopProfile', profileFile('server', profiled.contender.name))
    return await Promise.all(
      running.map(async ({ contender, child, warmUp, responseLength, rounds }) => ({
        name: contender.name,
        version: versionOf(contender),
        warmUp,
        bytes: responseLength,
        resident: (await child.ask<Usage>('usage')).resident,
        rounds,
      })),
    )
  } finally {
    await Promise.all([generator.close(), ...running.map(({ child }) => child.close())])
  }
}

// The floor is what the very same bytes cost.
function checkFloor(running: readonly Running[]): void {
  const [floor, spool] = ['floor', 'spool'].map((name) =>
    running.find(({ contender }) => contender.name === name),
  )
  if (!floor || !spool || floor.responseLength === spool.responseLength) return
  throw new Error(
    `The floor answers with ${floor.responseLength} bytes, Spool with ${spool.responseLength}: make exchange.ts the same`,
  )
}
