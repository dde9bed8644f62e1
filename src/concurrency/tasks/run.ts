/**
 * The outermost scope of a program: it owns the signals of the process, waits for every task, and
 * sees to it that no error ends unseen.
 */
import process from 'node:process'
import { stackOf } from '../../util/error-text.ts'
import { SpoolError } from '../../util/error.ts'
import { BusyResourceError } from '../errors.ts'
import {
  checkDuration,
  checkFlag,
  checkFunction,
  checkName,
  checkOptional,
} from '../scope/arguments.ts'
import { reportLost } from '../scope/lost-errors.ts'
import { currentScope, rootScope } from '../scope/scope.ts'
import { watchRejections } from '../observe/lost-rejections.ts'
import { treeOf } from '../observe/task-tree.ts'
import type { ClockTimer } from '../time/clock.ts'
import { clock } from '../time/current-clock.ts'
import { nextTurn } from '../time/turn-queue.ts'
import type { TaskFunction } from './task.ts'
import { TaskGroup } from './task-group.ts'
import type { TaskFailure, TaskGroupError } from './task-group-error.ts'

export interface RunOptions {
  /** Name of the main task. Default `main`. */
  name?: string
  /** Whether SIGINT and SIGTERM cancel the program. Default true. */
  signals?: boolean
  /** How long after a signal the tasks that still run are named on stderr, in ms. Default 5,000. */
  grace?: number
}

// Long enough for an orderly end of most programs, and shorter than the 10 s of `docker stop`.
const defaultGrace = 5_000

// A process that a signal ends has 128 + its number as exit code, by the convention of shells.
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

type Signal = keyof typeof exitCodes

/**
 * Runs a program: calls `main`, waits for it and for every task that `createTask()` started, and
 * returns what `main` returned.
 *
 * The first SIGINT or SIGTERM cancels everything; `finally` blocks run, and `run()` returns when all
 * is over, with what `main` returned if it came to its end in spite of it, else undefined. The exit code is
 * then 130 or 143, unless `process.exitCode` is set to another failure. A second signal exits at once. Tasks
 * that do not stop within `grace` are named on stderr.
 *
 * If every task waits for another and nothing can wake them any more, the program fails with a
 * `SPOOL_DEADLOCK` that shows them. Tasks that wait for something else than Spool, and so can't be stopped
 * either, are named on stderr then and left behind.
 *
 * If `main` fails, everything else is cancelled and its error is thrown. The `cancel` that `main` is given
 * stops `main` alone: `run()` waits for the other tasks, and then throws the `CancelledError`. A promise that is rejected
 * and that nobody awaits fails the nearest task group. Failures that can't be thrown, because another
 * one is, are written to stderr and make the exit code 1.
 *
 * Cancellation: `run()` is the outermost scope, and only a signal cancels it.
 *
 * @throws {SpoolError} with code `SPOOL_DEADLOCK` if nothing can wake any task.
 * @throws {TaskGroupError} if `main` did not fail, but a task that `createTask()` started did.
 * @throws {BusyResourceError} if called inside a scope, such as that of another `run()`.
 */
export async function run<T>(main: TaskFunction<T>, options?: RunOptions): Promise<T> {
  checkFunction('run a program', main)
  checkOptional('program', options, "{ name: 'crawl' }", { name: true, signals: true, grace: true })
  const { grace = defaultGrace, signals: withSignals = true } = options ?? {}
  checkDuration('grace', grace)
  checkFlag('the signals of a program', withSignals)
  if (currentScope() !== rootScope) {
    throw new BusyResourceError(
      'Cannot run a program inside another: run() is the outermost scope; use taskGroup() here',
    )
  }
  // Before the group is made, which would be left behind.
  const name = checkName('task', options?.name) ?? 'main'
  const group = new TaskGroup({ name: 'run' })
  const task = group.spawn(main, { name })
  const signals = withSignals ? new Signals(group, grace) : undefined
  const unwatch = watchRejections(group)
  let deadlock: SpoolError | undefined
  const stuck = Promise.withResolvers<void>()
  const onStandstill = (): void => {
    if (group.scope.cancelled) nameTheStuck(group, stuck.resolve)
    else deadlock = cancelTheStuck(group)
  }
  process.on('beforeExit', onStandstill)
  try {
    const ending = group.runBody(() => untilQuiet(group))
    // Whoever was left behind may still be woken by what the program does next, and fail then.
    void stuck.promise.then(() => ending).catch((error) => reportLost(error, undefined, 'run()'))
    await Promise.race([ending, stuck.promise])
    group.giveUp()
  } catch (error) {
    const first = deadlock ?? (task.state === 'failed' ? task.exception() : error)
    if (first !== error) reportOthers((error as TaskGroupError).failures, first)
    throw first
  } finally {
    process.off('beforeExit', onStandstill)
    unwatch()
    signals?.stop()
  }
  if (signals?.received === undefined) return task.result()
  failWith(exitCodes[signals.received])
  return task.state === 'succeeded' ? task.result() : (undefined as T)
}

/**
 * Waits until no task is left. Node.js tells of a rejection that nobody awaits once all microtasks have
 * run: what the last task left behind has to be known before the group is over.
 */
async function untilQuiet(group: TaskGroup): Promise<void> {
  while (group.size > 0) {
    await group.whenIdle()
    await new Promise<void>((resolve) => {
      nextTurn(resolve)
    })
  }
}

/** The signals of the process while a program runs. */
class Signals {
  received: Signal | undefined = undefined
  readonly #group: TaskGroup
  readonly #grace: number
  #timer: ClockTimer | undefined = undefined

  constructor(group: TaskGroup, grace: number) {
    this.#group = group
    this.#grace = grace
    process.on('SIGINT', this.#listener)
    process.on('SIGTERM', this.#listener)
  }

  stop(): void {
    process.off('SIGINT', this.#listener)
    process.off('SIGTERM', this.#listener)
    this.#timer?.cancel()
  }

  readonly #listener = (signal: Signal): void => {
    if (this.received === undefined) this.#cancelAll(signal)
    else process.exit(exitCodes[signal])
  }

  #cancelAll(signal: Signal): void {
    this.received = signal
    this.#group.scope.cancel(signal, 'shutdown')
    this.#timer = clock().setTimer(this.#grace, this.#nameTheRest, { background: true })
  }

  readonly #nameTheRest = (): void => {
    write(
      `Still running ${this.#grace} ms after ${this.received}; a second signal exits at once\n` +
        String(treeOf(this.#group.scope)),
    )
  }
}

// Node.js is about to end the process, for want of anything that could still happen in it. Whether that
// ends the tasks shows at the next time, so the event loop has to turn once more.
function cancelTheStuck(group: TaskGroup): SpoolError {
  const tasks = String(treeOf(group.scope))
  const text = `Nothing is left that could wake a task of this program\n${tasks}`
  const deadlock = new SpoolError('SPOOL_DEADLOCK', text)
  group.take(deadlock, 'run()')
  nextTurn(() => undefined)
  return deadlock
}

// What the cancellation did not end never will. Nobody must wait for it: the process would end in the
// middle of that, with any exit code, and in a worker thread it would be asked here again and again, since
// there writing to stderr turns the event loop.
function nameTheStuck(group: TaskGroup, giveUp: () => void): void {
  write(
    `Tasks ignored their cancellation, and nothing is left that could wake them\n${String(treeOf(group.scope))}`,
  )
  nextTurn(giveUp)
}

/** Writes the failures besides the one that is thrown to stderr. */
function reportOthers(failures: readonly TaskFailure[], thrown: unknown): void {
  for (const failure of failures) {
    if (failure.error === thrown) continue
    write(`Lost error of "${failure.name}": ${stackOf(failure.error)}`)
    failWith(1)
  }
}

// A failure that the program has set itself stays.
function failWith(code: number): void {
  if (Number(process.exitCode ?? 0) === 0) process.exitCode = code
}

function write(line: string): void {
  process.stderr.write(`${line}\n`)
}
