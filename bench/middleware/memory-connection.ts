// One connection of a server without a socket under it: what is left is what the server does for a request.
import type { Application } from '../../src/server/index.ts'
import type { Sink, Transport } from '../../src/io/index.ts'
import type * as Hosts from '../../src/server/connection/connection-host.ts'
import type * as Scopes from '../../src/concurrency/scope/scope.ts'
import { loadModule } from '../spool-module.ts'

const { ConnectionHost } = await loadModule<typeof Hosts>('server/connection/connection-host.js')
const { rootScope } = await loadModule<typeof Scopes>('concurrency/scope/scope.js')

const never = (): never => {
  throw new Error('The bench does not do this')
}

/** Takes what it is given for sent. */
class MemoryConnection implements Transport {
  readonly remoteAddress = '127.0.0.1'
  readonly alpn = undefined
  readonly bytesQueued = 0
  bytesWritten = 0
  /** The first bytes of the response that came last. */
  last = ''
  #sink: Sink | undefined = undefined
  #answered: (() => void) | undefined = undefined
  #writes = 0

  start(sink: Sink): void {
    this.#sink = sink
  }

  /** Sends a request, and resolves when something of its answer has come; undefined: at once. */
  ask(request: Uint8Array): Promise<void> | undefined {
    const before = this.#writes
    this.#sink?.data(request, false)
    if (this.#writes > before) return undefined
    return new Promise((resolve) => {
      this.#answered = resolve
    })
  }

  write(data: Uint8Array | string): boolean {
    this.bytesWritten += data.length
    this.#writes++
    this.last = typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
    const answered = this.#answered
    this.#answered = undefined
    answered?.()
    return true
  }

  cork(): void {}
  uncork(): void {}
  pause(): void {}
  resume(): void {}
  unread = never
  end = never
  destroy = never
  reset = never
  startTLS = never
}

/** Asks the application `n` times, one after the other, on one connection. Throws if it answers anything but 200. */
export function asker(application: Application, request: string): (n: number) => Promise<void> {
  const connection = new MemoryConnection()
  const host = new ConnectionHost(application, { onError: never }, rootScope)
  host.accept(connection)
  const bytes = Buffer.from(request, 'latin1')
  return async (n) => {
    for (let at = 0; at < n; at++) {
      const answered = connection.ask(bytes)
      if (answered !== undefined) await answered
    }
    if (!connection.last.startsWith('HTTP/1.1 200 ')) throw new Error(connection.last)
  }
}
