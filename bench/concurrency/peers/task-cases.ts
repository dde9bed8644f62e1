// A thousand children that are started and awaited together: what one costs.
import { Effect, Fiber } from 'effect'
import { run, spawn } from 'effection'
import { load } from '../../spool-module.ts'
import type { Case } from '../runner.ts'

const { gather, taskGroup } = await load('index')

const children = 1_000
const indexes = Array.from({ length: children }, (_, index) => index)
const job = async (): Promise<number> => 1

function batch(name: string, run: () => Promise<unknown>): Case {
  return {
    group: 'spawn and join',
    name,
    operations: children,
    async run(n) {
      for (let at = 0; at < n; at++) await run()
    },
  }
}

const fibers = Effect.gen(function* () {
  const started: Fiber.Fiber<number>[] = []
  for (let at = 0; at < children; at++) started.push(yield* Effect.forkChild(Effect.sync(() => at)))
  return yield* Fiber.joinAll(started)
})

export const cases: readonly Case[] = [
  batch('spool, taskGroup', () =>
    taskGroup((group) => {
      for (let at = 0; at < children; at++) group.spawn(job)
    }),
  ),
  batch('spool, taskGroup and await each', () =>
    taskGroup((group) => Promise.all(indexes.map(() => group.spawn(job)))),
  ),
  batch('spool, gather', () => gather(...indexes.map(() => job))),
  batch('Promise.all', () => Promise.all(indexes.map(() => job()))),
  batch('Effect, forkChild and joinAll', () => Effect.runPromise(fibers)),
  batch('Effection, spawn and await each', async () => {
    await run(function* () {
      const started = []
      for (let at = 0; at < children; at++) {
        started.push(
          // An operation that has nothing to wait for.
          // oxlint-disable-next-line eslint/require-yield
          yield* spawn(function* () {
            return at
          }),
        )
      }
      for (const task of started) yield* task
    })
  }),
]
