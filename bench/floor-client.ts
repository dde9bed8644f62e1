// The least that a client on node:net can cost: a constant request, and its answer read as latin1.
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { obeyAsClient } from './client-driver.ts'
import { changingResponse, request } from './exchange.ts'

const responseLength = changingResponse().length
const bodyAt = responseLength - 'Hello, world!'.length

class Connection {
  readonly #socket: Socket
  readonly #idle: Connection[]
  #resolve: ((body: string) => void) | undefined
  #partial: Buffer | undefined

  constructor(socket: Socket, idle: Connection[]) {
    this.#socket = socket
    this.#idle = idle
    socket.on('data', (chunk) => this.#data(chunk))
  }

  get(bytes: Buffer): Promise<string> {
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#socket.write(bytes)
    })
  }

  #data(chunk: Buffer): void {
    const bytes = this.#partial ? Buffer.concat([this.#partial, chunk]) : chunk
    if (bytes.length < responseLength) {
      this.#partial = bytes
      return
    }
    this.#partial = undefined
    this.#idle.push(this)
    this.#resolve!(bytes.toString('latin1', bodyAt, responseLength))
  }
}

obeyAsClient(async ({ port, connections }) => {
  const idle: Connection[] = []
  for (let at = 0; at < connections; at++) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    idle.push(new Connection(socket, idle))
  }
  const bytes = Buffer.from(request(0, port), 'latin1')
  return () => idle.pop()!.get(bytes)
})
