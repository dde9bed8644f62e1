import { checkFunction } from '../concurrency/scope/arguments.ts'
import { rootScope } from '../concurrency/scope/scope.ts'
import { turn } from './settle.ts'

// Sockets and files say that they are closed a few turns after they were told to.
const patienceTurns = 200

/**
 * Runs `fn` and checks that it left nothing behind: no scope and no wait in the implicit root, no socket,
 * no server, no file, no process and no timer that the process did not have before.
 *
 * @throws Error that lists what is left, by kind and number.
 *
 * Cancellation: `fn` is cancelled by its scope; the check itself is not.
 *
 * @example
 * ```ts
 * await checkNoLeaks(async () => {
 *   await taskGroup(async (group) => { group.spawn(() => sleep(5)) })
 * })
 * ```
 */
export async function checkNoLeaks<T>(fn: () => T | Promise<T>): Promise<T> {
  checkFunction('check for leaks', fn)
  const before = inventory()
  const result = await fn()
  for (let turns = 0; ; turns++) {
    const left = surplus(before, inventory())
    if (left.length === 0) return result
    if (turns === patienceTurns) throw new Error(`Something is left behind: ${left.join(', ')}`)
    await turn()
  }
}

function inventory(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) {
    // This check's own turns.
    if (name !== 'Immediate') counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  for (const member of rootScope.members()) {
    const name = member.constructor.name
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function surplus(before: Map<string, number>, after: Map<string, number>): string[] {
  const left: string[] = []
  for (const [name, count] of after) {
    const more = count - (before.get(name) ?? 0)
    if (more > 0) left.push(`${more} ${name}`)
  }
  return left
}
