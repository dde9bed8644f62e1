import { checkFunction } from '../scope/arguments.ts'
import { isCancellation } from '../scope/cancellation.ts'
import { withFurtherFailures } from '../scope/lost-errors.ts'
import { currentScope } from '../scope/scope.ts'
import type { Task, TaskFunction } from './task.ts'
import { TaskGroup } from './task-group.ts'
import { TaskGroupError } from './task-group-error.ts'

/** What the functions given to `gather()` return, in order. */
export type Gathered<F extends readonly TaskFunction<unknown>[]> = {
  -readonly [I in keyof F]: Awaited<ReturnType<F[I]>>
}

/** What the functions given to `gather.settled()` came to, in order. */
export type GatheredSettled<F extends readonly TaskFunction<unknown>[]> = {
  -readonly [I in keyof F]: PromiseSettledResult<Awaited<ReturnType<F[I]>>>
}

interface Gather {
  <const F extends readonly TaskFunction<unknown>[]>(...functions: F): Promise<Gathered<F>>
  /**
   * Runs them all to their end, and tells of each what came of it, in order.
   *
   * Cancellation: cancels the functions, waits until they are over, and throws.
   */
  settled<const F extends readonly TaskFunction<unknown>[]>(
    ...functions: F
  ): Promise<GatheredSettled<F>>
}

/**
 * Runs the functions at the same time and returns their values in order. If one fails, the others
 * are cancelled and awaited, and the failure itself is thrown. What others fail with after that goes
 * along as its `suppressed`, an array; if the first is no `Error`,
 * they fail the nearest group.
 *
 * ```ts
 * const [name, count] = await gather(
 *   async () => 'Ada',
 *   () => sleep(5).then(() => 3),
 * )
 * console.log(name, count) // → Ada 3
 * ```
 *
 * Cancellation: cancels the functions, and waits until they are over.
 */
export const gather: Gather = Object.assign(
  <const F extends readonly TaskFunction<unknown>[]>(...functions: F) => {
    checkAll(functions)
    return gatherAll(functions) as Promise<Gathered<F>>
  },
  {
    settled: <const F extends readonly TaskFunction<unknown>[]>(...functions: F) => {
      checkAll(functions)
      return settleAll(functions) as Promise<GatheredSettled<F>>
    },
  },
)

async function gatherAll(functions: readonly TaskFunction<unknown>[]): Promise<unknown[]> {
  const tasks: Task[] = []
  const { group: around } = currentScope()
  try {
    await new TaskGroup({ name: 'gather' }).runBody((group) => {
      for (const [index, fn] of functions.entries()) {
        tasks.push(group.spawn(fn, { name: nameOf(fn, index) }))
      }
    })
  } catch (error) {
    if (!(error instanceof TaskGroupError)) throw error
    const [first, ...others] = error.errors as unknown[]
    throw withFurtherFailures(first, others, around, 'gather()')
  }
  return tasks.map((task) => task.result())
}

async function settleAll(
  functions: readonly TaskFunction<unknown>[],
): Promise<PromiseSettledResult<unknown>[]> {
  const results: PromiseSettledResult<unknown>[] = []
  await new TaskGroup({ name: 'gather.settled' }).runBody((group) => {
    for (const [index, fn] of functions.entries()) {
      const settled: TaskFunction<void> = async (scope) => {
        try {
          results[index] = { status: 'fulfilled', value: await fn(scope) }
        } catch (reason) {
          results[index] = { status: 'rejected', reason }
          // The group has to know that it did not come to its end.
          if (scope.cancelled && isCancellation(reason)) throw reason
        }
      }
      group.spawn(settled, { name: nameOf(fn, index) })
    }
  })
  return results
}

function nameOf(fn: TaskFunction<unknown>, index: number): string {
  return fn.name === '' ? `gather[${index}]` : fn.name
}

function checkAll(functions: readonly unknown[]): void {
  for (const fn of functions) checkFunction('gather', fn)
}
