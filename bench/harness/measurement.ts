import { table } from './table.ts'
import { median } from './statistics.ts'

/** What one contender showed in one round. */
export interface Round {
  /** Microseconds of CPU time, user and system, for each request. */
  cpu: number
  /** Milliseconds. */
  p99: number
}

export interface Result {
  name: string
  version: string
  warmUp: number
  /** Medians over the rounds. */
  cpu: number
  p99: number
  /** Median over the rounds of CPU time divided by the floor's in the same round. */
  ratio: number
  /** Of one response, where that is told. */
  bytes?: number
  /** Bytes of resident memory after the last round. */
  resident: number
  rounds: readonly Round[]
}

export interface Measured {
  /** Of one response, where that is told. */
  bytes?: number
  name: string
  version: string
  warmUp: number
  resident: number
  rounds: readonly Round[]
}

/** The first one is the floor. */
export function compare(measured: readonly Measured[]): Result[] {
  const floor = measured[0]?.rounds ?? []
  return measured.map(({ rounds, ...rest }) => ({
    ...rest,
    cpu: median(rounds.map(({ cpu }) => cpu)),
    p99: median(rounds.map(({ p99 }) => p99)),
    ratio: median(rounds.map(({ cpu }, at) => cpu / (floor[at]?.cpu ?? Number.NaN))),
    rounds,
  }))
}

// From here on it counts how fast bytes are passed on.
const many = 50_000

export function resultTable(results: readonly Result[]): string {
  const large = results.every(({ bytes = 0 }) => bytes > many)
  const ours = results.find(({ name }) => name === 'spool')
  return table(
    [
      'contender',
      'CPU µs/request',
      'min–max',
      '× floor',
      '× spool',
      ...(large ? ['MB per CPU second'] : []),
      'p99 ms',
      'RSS MB',
      'warm-up',
    ],
    results.map((result) => {
      const cpu = result.rounds.map((round) => round.cpu)
      return [
        `${result.name} ${result.version}`.trimEnd(),
        result.cpu.toFixed(1),
        `${Math.min(...cpu).toFixed(1)}–${Math.max(...cpu).toFixed(1)}`,
        result.ratio.toFixed(2),
        ours ? (result.cpu / ours.cpu).toFixed(2) : '',
        ...(large ? [((result.bytes ?? 0) / result.cpu).toFixed(0)] : []),
        result.p99.toFixed(1),
        (result.resident / 1e6).toFixed(0),
        String(result.warmUp),
      ]
    }),
  )
}
