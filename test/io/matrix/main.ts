// A program of its own: cancels each operation at each phase, and says on standard error what was left behind.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { taskGroup, timeout } from 'spool'
import { closeThreads } from 'spool/io'
import { inventory, surplus } from './inventory.ts'
import { type Operation, operations, type Place } from './operations.ts'
import { endConnections, startPeers } from './peers.ts'

/** When it is cancelled: after so many microtasks or turns of the event loop, or when it waits. */
type Phase = { microtasks: number } | { turns: number } | { waiting: true }

const quickPhases: Phase[] = [
  ...[0, 1, 2, 3, 5, 8, 13].map((microtasks) => ({ microtasks })),
  ...[1, 2, 3, 4, 6, 9, 14, 24].map((turns) => ({ turns })),
  { waiting: true },
]
const heavyPhases: Phase[] = [
  { microtasks: 0 },
  { microtasks: 3 },
  { turns: 1 },
  { turns: 5 },
  { waiting: true },
]

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

async function reached(phase: Phase, waiting: Promise<void>): Promise<void> {
  if ('microtasks' in phase) for (let n = phase.microtasks; n > 0; n--) await Promise.resolve()
  else if ('turns' in phase) for (let n = phase.turns; n > 0; n--) await turn()
  else await waiting
}

/** Runs it once, cancels it in the phase, and returns what was wrong. */
async function cancelled(operation: Operation, phase: Phase, place: Omit<Place, 'waits'>) {
  const waiting = Promise.withResolvers<void>()
  const all = { ...place, waits: () => waiting.resolve() }
  let ended = 'it did not end'
  await timeout(20_000, () =>
    taskGroup(async (group) => {
      const task = group.spawn(() => operation.run(all))
      const over = Promise.withResolvers<void>()
      task.addDoneCallback(() => over.resolve())
      await reached(phase, Promise.race([waiting.promise, over.promise]))
      task.cancel()
      await over.promise
      ended = task.state
    }),
  )
  const wrong = operation.check?.(all)
  return { ended, wrong }
}

async function leftOf(operation: Operation, phase: Phase, place: Omit<Place, 'waits'>) {
  const before = inventory(place.folder)
  const { ended, wrong } = await cancelled(operation, phase, place)
  await closeThreads()
  let left = surplus(before, inventory(place.folder))
  const late = performance.now() + 5_000
  while (left.length > 0 && performance.now() < late) {
    // Those that are accepted only now, too.
    endConnections()
    await turn()
    left = surplus(before, inventory(place.folder))
  }
  return { ended, left: wrong === undefined ? left : [wrong, ...left] }
}

const folder = mkdtempSync(join(tmpdir(), 'spool-matrix-'))
try {
  const tree = join(folder, 'tree')
  mkdirSync(join(tree, 'b/c'), { recursive: true })
  for (const name of ['a', 'journal', 'b/d', 'b/c/e']) writeFileSync(join(tree, name), '')
  writeFileSync(join(tree, 'a'), 'a')
  const input = join(folder, 'input')
  writeFileSync(input, `${'x'.repeat(99)}\n`.repeat(3000))
  const place = { ...(await startPeers(folder)), folder, tree, input }
  // What is made once and stays: the thread pool of the system, standard streams.
  await cancelled(operations['stdin()'] as Operation, { turns: 2 }, place)
  await cancelled(
    operations['stdout() whose reader does not read'] as Operation,
    { turns: 2 },
    place,
  )
  for (const [name, operation] of Object.entries(operations)) {
    const found: string[] = []
    const ends = new Set<string>()
    for (const phase of operation.heavy === true ? heavyPhases : quickPhases) {
      const { ended, left } = await leftOf(operation, phase, place)
      ends.add(ended)
      if (left.length > 0) found.push(`${JSON.stringify(phase)}: ${left.join(', ')}`)
    }
    process.stderr.write(`${JSON.stringify({ name, ends: [...ends], found })}\n`)
  }
} finally {
  rmSync(folder, { recursive: true })
}
process.exit()
