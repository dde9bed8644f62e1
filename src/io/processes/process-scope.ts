/**
 * What binds a process to the scope that started it: cancelled, the scope ends the process, and waits until it
 * is gone.
 *
 * A process is the leader of a group of its own. What it has started is in that group, and ends with it: nobody
 * else would know of it.
 */
import type { ChildProcess } from 'node:child_process'
import type { CancelledError } from '../../concurrency/errors.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { currentScope, Scope } from '../../concurrency/scope/scope.ts'
import type { ClockTimer } from '../../concurrency/time/clock.ts'
import { clock } from '../../concurrency/time/current-clock.ts'

/** Those that run. */
const running = new Set<ProcessScope>()

// `process.exit()` and an uncaught exception leave no time to ask.
function killAll(): void {
  for (const scope of running) scope.sendSignal('SIGKILL')
}

export class ProcessScope extends Scope {
  readonly #child: ChildProcess
  readonly #grace: number
  #escalation: ClockTimer | undefined
  #terminating: boolean
  #gone: boolean

  constructor(child: ChildProcess, grace: number) {
    super(currentScope())
    this.#child = child
    this.#grace = grace
    this.#escalation = undefined
    this.#terminating = false
    this.#gone = false
    child.once('exit', () => this.#exited())
    if (running.size === 0) process.on('exit', killAll)
    running.add(this)
    if (this.cancelled) this.terminate()
  }

  override scopeCancelled(error: CancelledError): void {
    super.scopeCancelled(error)
    this.terminate()
  }

  override leftBehind(): void {
    this.terminate()
  }

  /** Sends a signal to all of the group; false if nobody is there any more. */
  sendSignal(signal: NodeJS.Signals): boolean {
    const { pid } = this.#child
    if (pid === undefined || this.#gone) return false
    return signalGroup(pid, signal)
  }

  /** Asks to end, and ends by force what has not after the grace. */
  terminate(): void {
    if (this.#terminating || this.#gone) return
    this.#terminating = true
    this.sendSignal('SIGTERM')
    // What was stopped can't end before it goes on.
    this.sendSignal('SIGCONT')
    this.#escalation = outsideScopes(() =>
      clock().setTimer(this.#grace, () => void this.sendSignal('SIGKILL')),
    )
  }

  #exited(): void {
    this.#escalation?.cancel()
    // At once: as long as one of the group is left, nobody else can have its number.
    this.sendSignal('SIGKILL')
    this.#gone = true
    running.delete(this)
    if (running.size === 0) process.off('exit', killAll)
    this.end()
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    // ESRCH: all of them are gone.
    return false
  }
}
