import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCases } from '../concurrency/runner.ts'
import type { BenchOptions } from '../harness/options.ts'
import { writeResults } from '../harness/result-file.ts'
import { table } from '../harness/table.ts'
import { copyCases } from './copy-cases.ts'
import { lineCases, lineLength, linesOfFile } from './line-cases.ts'
import { startBytePeer } from './peer-process.ts'

/** `--only` names groups here. */
export async function benchIO(bench: BenchOptions, say: (line: string) => void): Promise<void> {
  const { only, quick, rounds } = bench
  const folder = mkdtempSync(join(tmpdir(), 'spool-bench-'))
  const peer = await startBytePeer()
  try {
    const path = join(folder, 'lines')
    writeFileSync(path, `${'x'.repeat(lineLength - 1)}\n`.repeat(linesOfFile))
    const all = [...(await copyCases(peer)), ...(await lineCases(path, peer))]
    const chosen = all.filter(({ group }) => only.length === 0 || only.includes(group))
    if (chosen.length === 0) {
      const names = [...new Set(all.map(({ group }) => `"${group}"`))].join(', ')
      throw new Error(`Give --only groups of operations: ${names}`)
    }
    const options = { rounds, duration: quick ? 60 : 250 }
    const results = await runCases(chosen, options, say)
    const first = new Map(results.toReversed().map((result) => [result.group, result.nanoseconds]))
    console.log(
      table(
        ['operation', 'CPU ns', 'min–max', '× first of its kind'],
        results.map(({ group, name, nanoseconds, rounds }) => [
          `${group}: ${name}`,
          nanoseconds.toFixed(0),
          `${Math.min(...rounds).toFixed(0)}–${Math.max(...rounds).toFixed(0)}`,
          (nanoseconds / (first.get(group) ?? Number.NaN)).toFixed(2),
        ]),
      ),
    )
    console.log(`\nWritten to ${writeResults('io', bench, results)}`)
  } finally {
    peer.stop()
    rmSync(folder, { recursive: true })
  }
}
