import { writeResults } from '../harness/result-file.ts'
import { table } from '../harness/table.ts'
import { cases } from './cases.ts'
import { runCases } from './runner.ts'
import type { BenchOptions } from '../harness/options.ts'

/** `--only` names groups here. */
export async function benchConcurrency(
  { only, quick, rounds }: BenchOptions,
  say: (line: string) => void,
): Promise<void> {
  const groups = [...new Set(cases.map(({ group }) => group))]
  const unknown = only.find((group) => !groups.includes(group))
  if (unknown !== undefined) {
    const names = groups.map((group) => `"${group}"`).join(', ')
    throw new Error(`Give --only groups of cases (${names}) instead of "${unknown}"`)
  }
  const chosen = cases.filter(({ group }) => only.length === 0 || only.includes(group))
  const options = { rounds, duration: quick ? 50 : 200 }
  const results = await runCases(chosen, options, say)
  const first = new Map(results.toReversed().map((result) => [result.group, result.nanoseconds]))
  console.log(
    table(
      ['operation', 'ns', 'min–max', '× first of its kind'],
      results.map(({ group, name, nanoseconds, rounds }) => [
        `${group}: ${name}`,
        nanoseconds.toFixed(0),
        `${Math.min(...rounds).toFixed(0)}–${Math.max(...rounds).toFixed(0)}`,
        (nanoseconds / (first.get(group) ?? Number.NaN)).toFixed(2),
      ]),
    ),
  )
  console.log(`\nWritten to ${writeResults('concurrency', options, results)}`)
}
