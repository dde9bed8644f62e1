// What every client contender runs: workers that fetch one URL after the other, each its own.
import { performance } from 'node:perf_hooks'
import { targetCount, targets } from './exchange.ts'
import { cpuTime, obey } from './harness/child.ts'
import { quantile } from './harness/statistics.ts'

/** Fetches the URL and reads its body as text. */
export type Get = (url: string) => Promise<string>

export interface ClientOptions {
  port: number
  /** At most so many connections; as many requests are under way. */
  connections: number
}

export interface ClientRound {
  /** User and system CPU time in microseconds. */
  cpu: number
  /** Milliseconds. */
  p99: number
}

// The clock is read for one request in so many: reading it for each would be measured too.
const sampled = 16

/**
 * Obeys `start` and `run`. `start` makes the client; `around` calls what it is given, in the
 * circumstances in which the contender's users would make requests.
 */
export function obeyAsClient(
  start: (options: ClientOptions) => Promise<Get>,
  around: (work: () => Promise<void>) => Promise<void> = (work) => work(),
): void {
  let get: Get
  let urls: string[]
  let connections: number

  async function run(requests: number): Promise<ClientRound> {
    const latencies = new Float64Array(Math.ceil(requests / sampled))
    let started = 0
    async function work(): Promise<void> {
      while (started < requests) {
        const at = started++
        const timed = at % sampled === 0
        const begun = timed ? performance.now() : 0
        const body = await get(urls[at % targetCount]!)
        if (timed) latencies[at / sampled] = performance.now() - begun
        if (body.length !== 13) throw new Error(`Expected a body of 13 characters, got "${body}"`)
      }
    }
    const before = cpuTime()
    await around(async () => {
      await Promise.all(Array.from({ length: connections }, work))
    })
    return { cpu: cpuTime() - before, p99: quantile(latencies, 0.99) }
  }

  obey({
    start: async (options: ClientOptions) => {
      get = await start(options)
      connections = options.connections
      urls = targets.map((target) => `http://127.0.0.1:${options.port}${target}`)
    },
    run,
  })
}
