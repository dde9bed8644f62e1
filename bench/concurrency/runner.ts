// Nanoseconds of CPU time, user and system, for one operation, in one process: cases take turns, so
// that all see the same machine. The collector's threads count.
import process from 'node:process'
import { median } from '../harness/statistics.ts'

export interface Case {
  /** Who does it: `spool`, or the package compared. */
  name: string
  /** What is done; the cases of a group are compared with its first one. */
  group: string
  /** Does it `n` times. What it returns is awaited. */
  run(n: number): Promise<void> | void
  /** Operations that one of the `n` counts as; default 1. */
  operations?: number
}

export interface CaseResult {
  name: string
  group: string
  /** Median over the rounds. */
  nanoseconds: number
  rounds: readonly number[]
}

export interface RunnerOptions {
  rounds: number
  /** Milliseconds of CPU time that one case takes in each round, about. */
  duration: number
}

interface Prepared {
  case: Case
  n: number
  rounds: number[]
}

export async function runCases(
  cases: readonly Case[],
  { rounds, duration }: RunnerOptions,
  say: (line: string) => void,
): Promise<CaseResult[]> {
  const prepared: Prepared[] = []
  for (const one of cases) {
    prepared.push({ case: one, n: await calibrate(one, duration), rounds: [] })
    say(`warmed up ${one.group}: ${one.name}`)
  }
  for (let at = 0; at < rounds; at++) {
    for (const { case: one, n, rounds } of at % 2 === 0 ? prepared : prepared.toReversed()) {
      const elapsed = await time(one, n)
      rounds.push((elapsed * 1e6) / (n * (one.operations ?? 1)))
    }
    say(`round ${at + 1} of ${rounds}`)
  }
  return prepared.map(({ case: { name, group }, rounds }) => ({
    name,
    group,
    nanoseconds: median(rounds),
    rounds,
  }))
}

/** Warms the case up and finds the `n` that takes about the duration. */
async function calibrate(one: Case, duration: number): Promise<number> {
  let n = 1
  for (;;) {
    const elapsed = await time(one, n)
    if (elapsed >= duration / 2) {
      // By now it is compiled, and faster than on the way here.
      const warm = await time(one, n)
      return Math.max(1, Math.round((n * duration) / warm))
    }
    n *= 2
  }
}

/** Milliseconds of CPU time. */
async function time(one: Case, n: number): Promise<number> {
  const begun = process.cpuUsage()
  await one.run(n)
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1_000
}
