import { checkFunction } from '../concurrency/scope/arguments.ts'
import { currentScope, Scope, type ScopeMember } from '../concurrency/scope/scope.ts'
import { turn } from './settle.ts'

// Sockets and files say that they are closed a few turns after they were told to.
const patienceTurns = 200

/**
 * Runs `fn` and checks that it left nothing behind: no socket, no server, no file, no process and no timer
 * that the process did not have before, and no task, no group and no wait in the scope that it is called
 * in, in the scopes around that one, and outside of all of them. So it may be called inside `run()`, a
 * task group or a request; what others start there meanwhile counts as left behind as well.
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
  const scope = currentScope()
  const before = inventory(scope)
  const result = await fn()
  for (let turns = 0; ; turns++) {
    const left = surplus(before, inventory(scope))
    if (left.length === 0) return result
    if (turns === patienceTurns) throw new Error(`Something is left behind: ${left.join(', ')}`)
    await turn()
  }
}

function inventory(from: Scope): Map<string, number> {
  const counts = new Map<string, number>()
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const name of process.getActiveResourcesInfo()) {
    // This check's own turns.
    if (name !== 'Immediate') count(name)
  }
  for (let scope: Scope | undefined = from; scope !== undefined; scope = scope.parent) {
    for (const member of scope.members()) count(nameOf(member))
  }
  return counts
}

function nameOf(member: ScopeMember): string {
  if (!(member instanceof Scope)) return member.constructor.name
  if (member.task?.scope === member) return `task "${member.task.name}"`
  if (member.group?.scope === member) return `task group "${member.group.name}"`
  return member.constructor.name
}

function surplus(before: Map<string, number>, after: Map<string, number>): string[] {
  const left: string[] = []
  for (const [name, count] of after) {
    const more = count - (before.get(name) ?? 0)
    if (more > 0) left.push(`${more} ${name}`)
  }
  return left
}
