import { type TaskGroup, taskGroup } from '../../src/index.ts'

/** Runs a group that the test cancels from inside. */
export async function cancelledGroup(fn: (group: TaskGroup) => Promise<void>): Promise<void> {
  try {
    await taskGroup(fn)
  } catch {
    // It was cancelled.
  }
}
