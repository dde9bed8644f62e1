import { spawnSync } from 'node:child_process'
import { describe } from 'vitest'

/**
 * A suite that needs Python's aiohttp, as Debian packages it for the system's own interpreter. Without
 * it the suite is skipped and named in the closing summary; with `CI=true` it fails.
 */
export function describeWithAiohttp(name: string, suite: (python: string) => void): void {
  const python = '/usr/bin/python3'
  const found = spawnSync(python, ['-c', 'import aiohttp']).status === 0
  if (found) describe(name, () => suite(python))
  else if (process.env['CI'] === 'true') {
    describe(name, () => {
      throw new Error(`Cannot run "${name}": aiohttp is not installed; run tools/setup-debian`)
    })
  } else describe.skip(`${name} [needs python3-aiohttp]`, () => suite(python))
}
