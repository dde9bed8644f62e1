import { readFileSync } from 'node:fs'
import process from 'node:process'
import { Child } from './child-process.ts'
import { pythonVersion } from './python.ts'

/** What is measured: a file that obeys commands, run in a process of its own. */
export interface Contender {
  name: string
  /** Relative to bench/. */
  file: string
  /** The package of bench/package.json that it measures. */
  package?: string
  /** The package of the system's own Python that it measures. */
  python?: string
  /** The part of the warm-up requests that it gets, where all of them would take minutes. Default 1. */
  warmUpShare?: number
  /** Whether it is Spool again, with something switched on. */
  feature?: boolean
  /** Whether it is measured only where it is named: what a feature costs. */
  byName?: boolean
  /** Whether it always answers the same, as the floor. */
  constant?: boolean
}

const folder = new URL('../', import.meta.url)

export function startContender(
  { name, file }: Contender,
  nodeOptions: readonly string[] = [],
): Child {
  return new Child(name, new URL(file, folder), nodeOptions)
}

/** The contenders named, the floor always among them; all of them when none is named. */
export function chosen(all: readonly Contender[], only: readonly string[]): Contender[] {
  const unknown = only.find((name) => !all.some((contender) => contender.name === name))
  if (unknown !== undefined) {
    const names = all.map(({ name }) => `"${name}"`).join(', ')
    throw new Error(`Give --only names of contenders (${names}) instead of "${unknown}"`)
  }
  return all.filter((contender) => {
    const { name, python, byName } = contender
    if (only.length > 0) return name === 'floor' || only.includes(name)
    if (byName === true) return false
    return python === undefined || pythonVersion(python) !== undefined
  })
}

/** The version measured: of the package installed, of Node.js where that is the contender. */
export function versionOf(contender: Contender): string {
  if (contender.python !== undefined) return pythonVersion(contender.python) ?? ''
  if (contender.package === undefined) {
    return contender.name.startsWith('node:') || contender.name === 'fetch'
      ? process.versions.node
      : ''
  }
  const manifest = new URL(`node_modules/${contender.package}/package.json`, folder)
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
