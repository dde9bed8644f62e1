import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from 'vitest'

/** Where a program is, searched on the PATH and in the system's own folders; undefined if it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin']
  for (const folder of folders) {
    const path = join(folder, name)
    if (existsSync(path)) return path
  }
  return undefined
}

/**
 * A suite that needs a program from outside. Without the program it is skipped and named in the
 * closing summary; with `CI=true` it fails, because there `tools/setup-debian` has installed it.
 */
export function describeWithProgram(
  program: string,
  name: string,
  suite: (path: string) => void,
): void {
  const path = findProgram(program)
  if (path !== undefined) describe(name, () => suite(path))
  else if (process.env['CI'] === 'true') {
    describe(name, () => {
      throw new Error(`Cannot run "${name}": "${program}" is not installed; run tools/setup-debian`)
    })
  } else describe.skip(`${name} [needs ${program}]`, () => suite(program))
}
