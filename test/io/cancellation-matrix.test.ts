/**
 * Every operation of spool/io × every phase that it can be cancelled in: nothing is left behind, as the system tells
 * (`matrix/inventory.ts`), and what is written at once is there as a whole or not at all. In a program of its
 * own, since descriptors and children are those of the whole process.
 */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { type ExitStatus, subprocess } from 'spool/io'

interface Line {
  readonly name: string
  readonly ends: readonly string[]
  readonly found: readonly string[]
}

let status: ExitStatus | undefined
const lines = new Map<string, Line>()

beforeAll(async () => {
  const main = new URL('./matrix/main.ts', import.meta.url).pathname
  // Nobody reads its standard output, and nobody writes to its standard input.
  // Node.js 22 warns that it strips types.
  const args = ['--disable-warning=ExperimentalWarning', main]
  await using child = await subprocess(process.execPath, args)
  for await (const line of child.stderr?.lines() ?? []) {
    if (!line.startsWith('{')) throw new Error(`The program says: ${line}`)
    const found = JSON.parse(line) as Line
    lines.set(found.name, found)
  }
  status = await child.wait()
}, 120_000)

// Their names, without what they are made of: this process has no part in it.
const source = readFileSync(new URL('./matrix/operations.ts', import.meta.url), 'utf8')
const names = Array.from(source.matchAll(/^ {2}'([^']+)': \{/gm), ([, name]) => name ?? '')

test('the matrix has every operation', () => {
  expect(status).toEqual({ exitCode: 0, signal: null })
  expect([...lines.keys()]).toEqual(names)
  expect(names.length).toBeGreaterThan(40)
})

test.each(names)('%s leaves nothing behind, whenever it is cancelled', (name) => {
  const line = lines.get(name)
  expect(line?.found).toEqual([])
  expect(line?.ends).toContain('cancelled')
  expect(line?.ends).not.toContain('failed')
})
