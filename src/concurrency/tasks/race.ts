import { checkFunction } from '../scope/arguments.ts'
import { isCancellation } from '../scope/cancellation.ts'
import type { TaskFunction } from './task.ts'
import { TaskGroup } from './task-group.ts'

/**
 * Runs the functions at the same time, and returns or throws what the first one that is done came to.
 * The others are cancelled and awaited, and what they come to is dropped.
 *
 * Cancellation: cancels the functions, and waits until they are over.
 *
 * @throws {RangeError} if there is no function.
 */
export async function race<const F extends readonly TaskFunction<unknown>[]>(
  ...functions: F
): Promise<Awaited<ReturnType<F[number]>>> {
  for (const fn of functions) checkFunction('race', fn)
  if (functions.length === 0) throw new RangeError('Cannot race: expected one function at least')
  const first: { result: PromiseSettledResult<unknown> | undefined } = { result: undefined }
  const group = new TaskGroup({ name: 'race' })
  try {
    await group.runBody(() => {
      for (const [index, fn] of functions.entries()) {
        const runner: TaskFunction<void> = async (scope) => {
          try {
            const value = await fn(scope)
            first.result ??= { status: 'fulfilled', value }
          } catch (reason) {
            // Cancelled with the whole: it came to nothing.
            if (group.scope.cancelled && isCancellation(reason)) throw reason
            first.result ??= { status: 'rejected', reason }
          }
          group.cancel('another one was first')
        }
        group.spawn(runner, { name: fn.name === '' ? `race[${index}]` : fn.name })
      }
    })
  } catch (error) {
    if (first.result === undefined) throw error
  }
  const { result } = first
  if (result?.status !== 'fulfilled') throw result?.reason
  return result.value as Awaited<ReturnType<F[number]>>
}
