// What each middleware adds to a request: CPU time in one process, without sockets, cases taking turns.
import type { BenchOptions } from '../harness/options.ts'
import { writeResults } from '../harness/result-file.ts'
import { median } from '../harness/statistics.ts'
import { table } from '../harness/table.ts'
import { runCases } from '../concurrency/runner.ts'
import { cases } from './cases.ts'

export async function benchMiddleware(
  { quick, rounds }: BenchOptions,
  say: (line: string) => void,
): Promise<void> {
  const options = { rounds, duration: quick ? 20 : 100 }
  const results = await runCases(cases, options, say)
  const without = new Map(results.toReversed().map((result) => [result.group, result.rounds]))
  console.log(
    table(
      ['around a route', 'µs', 'more than none'],
      results.map(({ group, name, nanoseconds, rounds }) => {
        const base = without.get(group) ?? []
        // In each round, so that what slows all of them down is in none of the differences.
        const more = median(rounds.map((value, at) => value - (base[at] ?? Number.NaN)))
        return [`${group}: ${name}`, (nanoseconds / 1e3).toFixed(2), (more / 1e3).toFixed(2)]
      }),
    ),
  )
  console.log(`\nWritten to ${writeResults('middleware', options, results)}`)
}
