/** The end of a served program that looks to the process that reloads it. */
import process from 'node:process'
import { CancelledError, createTask } from '../../../index.ts'
import { type Channel, parentChannel } from '../../../io/index.ts'
import type { Server } from '../../../server/index.ts'

/** Where a program that is reloaded is reached. */
export interface Served {
  readonly url: string
  readonly port: number
}

/** Set for a process that is reloaded, and for none that it starts. */
export const attendedVariable = 'RELOADED_BY_SPOOL'

/** The line to whoever reloads this program. */
export class Reloader implements AsyncDisposable {
  readonly #channel: Channel<Served>

  private constructor(channel: Channel<Served>) {
    this.#channel = channel
  }

  /** Undefined if nobody reloads this program. */
  static find(): Reloader | undefined {
    if (process.env[attendedVariable] === undefined) return undefined
    delete process.env[attendedVariable]
    return new Reloader(parentChannel<Served>())
  }

  /** Tells where the server is, and closes it if the other end goes: nobody else would. */
  async attend(server: Server): Promise<void> {
    const { url, port } = server
    await this.#channel.send({ url, port })
    createTask(() => this.#closeWithout(server), { name: 'reloader' })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#channel.close()
  }

  async #closeWithout(server: Server): Promise<void> {
    try {
      for await (const _ of this.#channel);
    } catch (error) {
      // Told to end anyway.
      if (CancelledError.is(error)) throw error
    }
    await server.close()
  }
}
