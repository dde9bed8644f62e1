import { parseArgs } from 'node:util'

export interface BenchOptions {
  quick: boolean
  /** Names of contenders; empty: all. */
  only: readonly string[]
  rounds: number
  /** In each round. */
  requests: number
  /** Before the first round. */
  warmUp: number
  connections: number
  /** What servers are asked for; see rows.ts. */
  row: string
  /** The contender to profile during the rounds. */
  profile: string | undefined
  /** Watch the heap over ten million operations instead of measuring time: `concurrency`. */
  memory: boolean
}

export interface Command {
  bench: string
  options: BenchOptions
}

export const usage = `npm run bench -- <server | client | idle | workers | middleware | disconnect | websocket | concurrency | io> [options]

  --quick              fewer requests: a first impression in under a minute
  --only <a,b>         these contenders and the floor alone; concurrency, io: these groups of operations
  --rounds <n>         interleaved rounds
  --requests <n>       requests in each round
  --warm-up <n>        requests before the first round
  --connections <n>    keep-alive connections (64)
  --row <name>         what servers are asked for: hello, browser, pipelined, routes, json, post, application, large, huge, tls
  --memory             concurrency: the heap over ten million operations, instead of time
  --profile <name>     write a CPU profile of this contender's rounds, and print where its time goes
  --help               show this`

/** Undefined where help is asked for. */
export function parseOptions(args: readonly string[]): Command | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      requests: { type: 'string' },
      'warm-up': { type: 'string' },
      connections: { type: 'string', default: '64' },
      row: { type: 'string', default: 'hello' },
      profile: { type: 'string' },
      memory: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick, profile, memory } = values
  if (values.help) return undefined
  if (positionals.length !== 1)
    throw new Error(
      'Give one bench: server, client, idle, workers, middleware, disconnect, websocket, concurrency or io',
    )
  return {
    bench: positionals[0]!,
    options: {
      quick,
      only: values.only === '' ? [] : values.only.split(','),
      rounds: count('--rounds', values.rounds ?? (quick ? '9' : '21')),
      requests: count('--requests', values.requests ?? (quick ? '8000' : '16000')),
      warmUp: count('--warm-up', values['warm-up'] ?? (quick ? '60000' : '400000')),
      connections: count('--connections', values.connections),
      row: values.row,
      profile,
      memory,
    },
  }
}

function count(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`Give ${option} a whole number from 1 instead of "${text}"`)
  }
  return value
}
