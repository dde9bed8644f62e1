// One worker process, from its start to its end.
import { BrokenResourceError } from '../../concurrency/errors.ts'
import type { ClockTimer } from '../../concurrency/time/clock.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { startWorkerProcess, type WorkerProcess } from '../../io/worker-process.ts'
import type { ServerStatistics } from '../server.ts'
import { isFromWorker, type ToWorker, type WorkerBrief } from './messages.ts'

/** What is known of a worker that listens. */
export interface WorkerAddress {
  readonly port: number
  readonly url: string
  readonly urls: readonly string[]
}

export class Living {
  readonly process: WorkerProcess
  readonly began: number = clock().now()
  /** Resolves when it listens; rejects if it ends before. */
  readonly ready: Promise<WorkerAddress>
  /** Resolves with how it ended. */
  readonly exited: Promise<string>
  ending = false
  #listens = false
  statistics: ServerStatistics | undefined = undefined
  #timer: ClockTimer | undefined = undefined

  constructor(brief: WorkerBrief) {
    const ready = Promise.withResolvers<WorkerAddress>()
    const exited = Promise.withResolvers<string>()
    this.ready = ready.promise
    this.exited = exited.promise
    let failure: string | undefined
    this.process = startWorkerProcess(
      {
        message: (message) => {
          if (!isFromWorker(message)) return
          if (message.spool === 'listening') {
            this.#listens = true
            ready.resolve(message)
          } else if (message.spool === 'failed') failure = message.message
          else this.statistics = message.statistics
        },
        exited: (code, signal) => {
          this.#timer?.cancel()
          const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`
          exited.resolve(how)
          ready.reject(
            new BrokenResourceError(
              failure ?? `Worker ${this.process.pid} ${how} before it listened`,
            ),
          )
        },
      },
      brief,
    )
  }

  /** Asks it to end, and kills it if it does not. */
  async end(left: () => number, patience: number): Promise<void> {
    this.ending = true
    this.ready.catch(() => undefined)
    // It has no requests, and nobody there who would hear of the end.
    if (this.#listens) this.hurry(left(), patience)
    else this.process.kill()
    await this.exited
  }

  hurry(left: number, patience: number): void {
    if (!this.ending) return
    const message: ToWorker = { spool: 'close', left: left === Infinity ? null : left }
    this.process.send(message)
    this.#timer?.cancel()
    if (left === Infinity) return
    this.#timer = clock().setTimer(left + patience, () => this.process.kill(), { background: true })
  }
}
