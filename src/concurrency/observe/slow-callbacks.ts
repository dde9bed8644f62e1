import { checkDuration, checkFunction, checkOptional } from '../scope/arguments.ts'
import { watchSteps } from '../scope/context.ts'
import { Task } from '../tasks/task.ts'
import { clock } from '../time/current-clock.ts'

/** One step of a task that kept the event loop from turning. */
export interface SlowCallback {
  /** The task that it belongs to; undefined if it ran outside of all of them. */
  readonly task: Task | undefined
  /** How long it blocked the event loop, in milliseconds. */
  readonly blocked: number
  /** All of it in one line. */
  toString(): string
}

export interface SlowCallbackOptions {
  /** From how many milliseconds on a step is slow. Default 100. */
  threshold?: number
}

interface Step {
  readonly task: unknown
  readonly began: number
}

/**
 * Tells of each step of a task (the code between two `await`s) that blocks the event loop for long,
 * until what is returned is disposed of. It makes every `await` of the process dearer, by about the
 * price of another one: for development, and to look into a process that is in trouble.
 */
export function reportSlowCallbacks(
  report: (slow: SlowCallback) => void,
  options?: SlowCallbackOptions,
): Disposable {
  checkFunction('report slow callbacks', report)
  const { threshold = 100 } =
    checkOptional('report', options, '{ threshold: 100 }', { threshold: true }) ?? {}
  checkDuration('threshold', threshold)
  const steps: Step[] = []
  const stop = watchSteps(
    (scope) => void steps.push({ task: scope?.task, began: clock().now() }),
    () => {
      // None, if it was in the middle of one that the watch began.
      const step = steps.pop()
      if (step === undefined) return
      const blocked = clock().now() - step.began
      if (blocked >= threshold) report(slowCallback(step.task, blocked))
    },
  )
  return { [Symbol.dispose]: stop }
}

function slowCallback(owner: unknown, blocked: number): SlowCallback {
  const task = owner instanceof Task ? owner : undefined
  return {
    task,
    blocked,
    toString() {
      const who = task === undefined ? 'Code outside of tasks' : `Task "${task.name}"`
      const where = task?.site === undefined ? '' : `, spawned at ${task.site}`
      return `${who} blocked the event loop for ${Math.round(blocked)} ms${where}`
    },
  }
}
