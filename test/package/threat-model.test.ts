import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('THREAT_MODEL.md', root), 'utf8')
const rows = page.split('\n').filter((line) => /^\|(?! *attack| *-)/.test(line))

it('THREAT_MODEL.md names tests that exist, for each attack', () => {
  expect(rows.length).toBeGreaterThan(30)
  for (const row of rows) {
    const tests = row.split('|').at(-2) ?? ''
    const paths = Array.from(tests.matchAll(/`([^`]+)`/g), ([, path]) => path ?? '')
    expect(paths.length, row).toBeGreaterThan(0)
    for (const path of paths) expect(existsSync(new URL(path, root)), path).toBe(true)
  }
})
