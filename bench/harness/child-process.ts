// The bench's side of a process that obeys commands (child.ts).
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import type { Reply, Request } from './child.ts'

interface Waiting {
  resolve: (value: never) => void
  reject: (error: Error) => void
}

export class Child {
  readonly name: string
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1

  constructor(name: string, file: URL, nodeOptions: readonly string[] = []) {
    this.name = name
    this.#process = fork(file, [], { execArgv: [...nodeOptions] })
    this.#process.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      if (reply.error === undefined) waiting?.resolve(reply.value as never)
      else waiting?.reject(new Error(`${name} failed: ${reply.error}`))
    })
    this.#process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`${name} ended with ${signal ?? `exit code ${code}`} before it answered`))
      }
      this.#waiting.clear()
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  ask<T>(command: string, value: unknown = null): Promise<T> {
    const request: Request = { id: this.#nextId++, command, value }
    return new Promise<T>((resolve, reject) => {
      if (!this.#process.connected) {
        reject(new Error(`${this.name} has ended: it can't be asked for "${command}"`))
        return
      }
      this.#waiting.set(request.id, { resolve, reject })
      this.#process.send(request)
    })
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    // Not every contender ends by itself when its channel closes: sockets may hold it.
    this.#process.kill('SIGKILL')
    await exited
  }
}
