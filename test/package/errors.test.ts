import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

it('docs/errors.md lists every error code that the source has, and no other', () => {
  const inSource = new Set<string>()
  for (const path of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue
    const text = readFileSync(join(root, 'src', path), 'utf8')
    for (const [, code] of text.matchAll(/'(SPOOL_[A-Z_]+)'/g)) inSource.add(code ?? '')
  }
  const text = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const inDocument = new Set(Array.from(text.matchAll(/`(SPOOL_[A-Z_]+)`/g), (match) => match[1]))

  expect(inDocument).toEqual(inSource)
})
