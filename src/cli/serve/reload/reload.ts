/**
 * `spool serve --reload`: the program runs in a process of its own, which is ended and started anew when a
 * file of its folder changes. One that does not come up, or falls over, waits for the next change.
 */
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import { BrokenResourceError, taskGroup } from '../../../index.ts'
import { type ModuleProcess, startModule } from '../../../io/index.ts'
import type { Output, StandardStreams } from '../../standard-streams.ts'
import { serveArguments, type ServeOptions } from '../options.ts'
import { attendedVariable, type Served } from './attended.ts'
import { WatchedFolder } from './watched-folder.ts'

// Longer than a server takes that cancels its requests after two seconds and gives them one to end.
const grace = 10_000

/**
 * Serves until it is cancelled.
 *
 * Cancellation: the process is told to end, and waited for.
 *
 * @throws UsageError if the folder can't be watched
 */
export async function reload(options: ServeOptions, { stdout }: StandardStreams): Promise<never> {
  const root = dirname(resolve(options.served))
  const folder = await WatchedFolder.open(root)
  try {
    if (folder.cut) stdout.print(`Watching the first 1,000 folders of ${root} only\n`)
    const served = new ReloadedProgram(options, stdout)
    for (;;) await served.run(() => folder.changed())
  } finally {
    folder[Symbol.dispose]()
  }
}

class ReloadedProgram {
  readonly #options: ServeOptions
  readonly #stdout: Output
  // The system chooses one once.
  #port: number | undefined
  /** Why it is started anew. */
  #changed: string | undefined = undefined

  constructor(options: ServeOptions, stdout: Output) {
    this.#options = { ...options, reload: false }
    this.#stdout = stdout
    this.#port = options.address?.port
  }

  /** Runs it until `changed` tells what has changed, and ends it. */
  async run(changed: () => Promise<string>): Promise<void> {
    const program = await this.#start()
    try {
      await taskGroup(async (group) => {
        const watching = group.spawn(() => this.#watch(program), { name: 'program' })
        this.#changed = await changed()
        watching.cancel()
      })
      // It closes its server; without the channel it would do the same a second time.
      program.process.terminate()
      await program.process.wait()
    } finally {
      await program[Symbol.asyncDispose]()
    }
  }

  #start(): Promise<ModuleProcess<unknown, Served>> {
    const { address } = this.#options
    const port = this.#port ?? 0
    const args = serveArguments({
      ...this.#options,
      address: address === undefined ? undefined : { ...address, port },
    })
    return startModule<unknown, Served>(process.argv[1] ?? '', {
      args: ['serve', ...args],
      environment: { ...(process.env as Record<string, string>), [attendedVariable]: '1' },
      grace,
    })
  }

  /** Tells that it serves, and if it ends by itself. */
  async #watch({ channel, process }: ModuleProcess<unknown, Served>): Promise<void> {
    const { served } = this.#options
    try {
      const { url, port } = await channel.receive()
      this.#port = port
      const anew = this.#changed === undefined ? '' : `: ${this.#changed} has changed`
      this.#stdout.print(
        anew === ''
          ? `Serving ${served} at ${url}, with reload\n`
          : `Restarted ${served} at ${url}${anew}\n`,
      )
    } catch (error) {
      if (!BrokenResourceError.is(error)) throw error
    }
    const { exitCode, signal } = await process.wait()
    const how = signal === null ? `with code ${exitCode}` : `by ${signal}`
    this.#stdout.print(`${served} ended ${how}: waiting for a change\n`)
  }
}
