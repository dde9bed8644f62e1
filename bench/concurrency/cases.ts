import type { Case } from './runner.ts'

const resolved = Promise.resolve()

/** What JavaScript itself takes: the measure for what is built on it. */
const bare: readonly Case[] = [
  {
    group: 'bare',
    name: 'await',
    async run(n) {
      for (let at = 0; at < n; at++) await resolved
    },
  },
]

export const cases: readonly Case[] = [...bare]
