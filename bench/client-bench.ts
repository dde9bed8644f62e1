// CPU time of a client process for each request, all contenders against the same server.
import { Child } from './harness/child-process.ts'
import { startContender, versionOf } from './harness/contenders.ts'
import { profileFile } from './harness/result-file.ts'
import type { ClientRound } from './client-driver.ts'
import type { Contender } from './harness/contenders.ts'
import type { Usage } from './harness/child.ts'
import type { Measured, Round } from './harness/measurement.ts'
import type { BenchOptions } from './harness/options.ts'

export const clientContenders: readonly Contender[] = [
  { name: 'floor', file: 'floor-client.ts' },
  { name: 'spool', file: 'spool-client.ts' },
  { name: 'cookie', file: 'features/cookie-client.ts', feature: true },
  { name: 'retry', file: 'features/retry-client.ts', feature: true },
  { name: 'own', file: 'features/own-client.ts', feature: true },
  { name: 'traced', file: 'features/traced-client.ts', feature: true },
  { name: 'all-three', file: 'features/all-three-client.ts', feature: true },
  { name: 'empty-jar', file: 'features/empty-jar-client.ts', feature: true, byName: true },
  { name: 'undici', file: 'peers/undici-client.ts', package: 'undici' },
  { name: 'fetch', file: 'fetch-client.ts', warmUpShare: 0.25 },
  { name: 'node:http', file: 'node-http-client.ts', warmUpShare: 0.5 },
  { name: 'aiohttp', file: 'peers/aiohttp-client.ts', python: 'aiohttp', warmUpShare: 0.05 },
]

interface Running {
  contender: Contender
  child: Child
  warmUp: number
  rounds: Round[]
}

export async function benchClients(
  contenders: readonly Contender[],
  options: BenchOptions,
  say: (line: string) => void,
): Promise<Measured[]> {
  const server = new Child('target server', new URL('target-server.ts', import.meta.url))
  const running: Running[] = []

  async function round({ child }: Running, requests: number): Promise<Round> {
    const { cpu, p99 } = await child.ask<ClientRound>('run', requests)
    return { cpu: cpu / requests, p99 }
  }

  try {
    const port = await server.ask<number>('start')
    for (const contender of contenders) {
      const child = startContender(contender)
      const warmUp = Math.ceil(options.warmUp * (contender.warmUpShare ?? 1))
      const one: Running = { contender, child, warmUp, rounds: [] }
      running.push(one)
      await child.ask('start', { port, connections: options.connections })
      const { cpu } = await round(one, warmUp)
      say(`warmed up ${contender.name} (${cpu.toFixed(1)} µs/request so far)`)
    }
    const profiled = running.find(({ contender }) => contender.name === options.profile)
    await profiled?.child.ask('startProfile')
    for (let at = 0; at < options.rounds; at++) {
      // To and fro, so that none always runs after the same other one.
      for (const one of at % 2 === 0 ? running : running.toReversed()) {
        // Some have closed their idle connections while the others ran.
        await round(one, options.connections * 10)
        one.rounds.push(await round(one, options.requests))
      }
      say(`round ${at + 1} of ${options.rounds}`)
    }
    await profiled?.child.ask('stopProfile', profileFile('client', profiled.contender.name))
    return await Promise.all(
      running.map(async ({ contender, child, warmUp, rounds }) => ({
        name: contender.name,
        version: versionOf(contender),
        warmUp,
        resident: (await child.ask<Usage>('usage')).resident,
        rounds,
      })),
    )
  } finally {
    await Promise.all([server.close(), ...running.map(({ child }) => child.close())])
  }
}
