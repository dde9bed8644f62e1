import { scopeCases } from './scope-cases.ts'
import { syncCases } from './sync-cases.ts'
import type { Case } from './runner.ts'

// By URL: what imports peers is not type-checked, since the project does not install them.
async function casesOf(file: string): Promise<readonly Case[]> {
  const module = (await import(new URL(`./peers/${file}`, import.meta.url).href)) as {
    cases: readonly Case[]
  }
  return module.cases
}

export const cases: readonly Case[] = [
  ...syncCases,
  ...scopeCases,
  ...(await casesOf('task-cases.ts')),
  ...(await casesOf('pool-cases.ts')),
]
