import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const { exports } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  exports: Record<string, { default: string }>
}
const entries = Object.entries(exports).filter(([, target]) => typeof target !== 'string')

describe('package', () => {
  it.each(entries)('"%s" publishes the names that the snapshot lists', async (_, target) => {
    const source = target.default.replace('./dist/', `${root}/src/`).replace(/\.js$/, '.ts')
    const names = Object.keys((await import(source)) as object).sort()
    expect(names).toMatchSnapshot()
  })

  it.each(entries)('"%s" shadows no global of the web', async (_, target) => {
    const source = target.default.replace('./dist/', `${root}/src/`).replace(/\.js$/, '.ts')
    const names = Object.keys((await import(source)) as object)
    expect(names.filter((name) => name in globalThis)).toEqual([])
  })
})
