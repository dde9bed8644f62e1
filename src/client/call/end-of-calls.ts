import { Waiter } from '../../concurrency/scope/waiter.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { CallList } from './call-list.ts'

/**
 * Waits until no call is left, and releases with `error` the responses that nobody has begun to read:
 * those that are there at once, and others a turn after they came, since then their readers would have
 * begun.
 *
 * Cancellation: the calls that are left go on.
 */
export async function endOfCalls(calls: CallList, error: Error): Promise<void> {
  const release = (): void => {
    for (const call of calls.all()) call.releaseUnread(error)
  }
  release()
  if (calls.size === 0) return
  const waiter = new Waiter<void>(undefined, undefined, 'the end of the requests of a session')
  let looking = false
  const look = (): void => {
    if (calls.size === 0) waiter.resolve()
    else if (!looking) {
      looking = true
      clock().setTimer(0, () => {
        looking = false
        release()
      })
    }
  }
  calls.watch(look)
  try {
    await waiter.promise
  } finally {
    calls.unwatch(look)
  }
}
