/** The two readers of a batch: all results in order, and each one as it comes. */
import { RingBuffer } from '../queues/ring-buffer.ts'
import { Batch, type ItemFunction, type Items } from './batch.ts'
import type { BatchOptions } from './pool-options.ts'
import type { PoolTasks } from './pool-tasks.ts'

/** What `pool.map()` does. */
export async function mapItems<I, R>(
  tasks: PoolTasks,
  items: Items<I>,
  fn: ItemFunction<I, R>,
  options: BatchOptions | undefined,
): Promise<R[]> {
  const results: R[] = []
  const batch = new Batch<I, R>(tasks, items, fn, options, {
    size: 0,
    add: (value, index) => {
      results[index] = value
    },
  })
  await batch.finish()
  batch.throwFailure()
  return results
}

/** What `pool.asCompleted()` does. */
export async function* resultsAsCompleted<I, R>(
  tasks: PoolTasks,
  items: Items<I>,
  fn: ItemFunction<I, R>,
  options: BatchOptions | undefined,
): AsyncGenerator<R, void, undefined> {
  const results = new RingBuffer<R>()
  const batch = new Batch<I, R>(tasks, items, fn, options, results)
  let left = true
  try {
    for (;;) {
      if (results.size > 0) {
        const result = results.take() as R
        batch.resultTaken()
        yield result
      } else if (batch.over) break
      else await batch.change()
    }
    left = false
  } finally {
    await batch.stop()
    if (left) batch.reportFailures()
  }
  batch.throwFailure()
}
