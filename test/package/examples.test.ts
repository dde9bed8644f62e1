import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it, vi } from 'vitest'

// Written by scripts/extract-examples.ts, which `npm run typecheck` runs.
const folder = resolve(import.meta.dirname, '../../build/examples')
const examples = readdirSync(folder).filter((name) => !name.endsWith('.no-run.ts'))

describe('documentation', () => {
  it.each(examples)('%s runs and prints what it says', async (name) => {
    const path = join(folder, name)
    const printed: string[] = []
    vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
      printed.push(values.map(String).join(' '))
    })

    const watched = process.listenerCount('unhandledRejection')

    await import(path)

    // Else a program or a server goes on.
    expect(process.listenerCount('unhandledRejection')).toBe(watched)

    // `console.log(x) // → text` says what is printed.
    const expected = Array.from(
      readFileSync(path, 'utf8').matchAll(/console\.log\(.*\) \/\/ → (.*)$/gm),
      (match) => match[1],
    )
    expect(printed).toEqual(expect.arrayContaining(expected))
  })
})
