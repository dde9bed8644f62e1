import { poolCases } from './pool-cases.ts'
import { syncCases } from './sync-cases.ts'
import { taskCases } from './task-cases.ts'
import type { Case } from './runner.ts'

export const cases: readonly Case[] = [...syncCases, ...taskCases, ...poolCases]
