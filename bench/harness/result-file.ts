import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { relative } from 'node:path'
import process from 'node:process'

const folder = new URL('../results/', import.meta.url)

export interface Machine {
  processor: string
  cores: number
  /** Bytes. */
  memory: number
  system: string
}

export function machine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
  }
}

/** Writes what was measured, with the circumstances, and says where. */
export function writeResults(bench: string, options: object, results: object): string {
  const date = new Date().toISOString()
  const file = new URL(`${bench}-${date.replaceAll(/[:.]/g, '-')}.json`, folder)
  const content = { bench, date, node: process.version, machine: machine(), options, results }
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`)
  return relative(process.cwd(), file.pathname)
}

export function profileFile(bench: string, contender: string): string {
  mkdirSync(folder, { recursive: true })
  return new URL(`${bench}-${contender.replaceAll(/\W+/g, '-')}.cpuprofile`, folder).pathname
}
