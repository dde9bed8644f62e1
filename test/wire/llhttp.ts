// What Node.js's own parser, llhttp, makes of the same bytes: through node:http, over a stream that is no socket.
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http'
import { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** A message as both parsers can tell it. */
export interface Reading {
  readonly start: string
  readonly fields: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

export interface Verdict {
  /** The messages that are complete. */
  readonly messages: readonly Reading[]
  /** Why it stopped, or undefined if it is content. */
  readonly error: string | undefined
}

/** What a node:http server reads out of `bytes`. */
export async function llhttpRequests(bytes: Uint8Array): Promise<Verdict> {
  const messages: Reading[] = []
  let error: string | undefined
  const server = createServer({ keepAliveTimeout: 0 })
  server.on('request', (message, response) => {
    collect(message, () => messages.push(readingOf(message, `${message.method} ${message.url}`)))
    response.end()
  })
  server.on('checkExpectation', (_, response) => {
    error ??= 'Expectation'
    response.end()
  })
  // The connection is left to `send()`: destroyed here, it would take messages along that are complete.
  server.on('clientError', (fault: Error) => (error ??= fault.message))
  const socket = new Bytes()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  server.emit('connection', socket)
  await socket.send(bytes)
  await closed
  server.close()
  return { messages, error }
}

/** What a node:http client reads out of `bytes` as the response to GET. */
export async function llhttpResponse(bytes: Uint8Array): Promise<Verdict> {
  const messages: Reading[] = []
  let error: string | undefined
  const socket = new Bytes()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const request = httpRequest({ host: 'a.example', createConnection: () => socket })
  request.on('response', (message) => {
    collect(message, () =>
      messages.push(readingOf(message, `${message.statusCode} ${message.statusMessage}`)),
    )
    message.on('error', (fault) => (error ??= fault.message))
  })
  request.on('upgrade', () => (error ??= 'Upgrade'))
  request.on('error', (fault) => (error ??= fault.message))
  request.end()
  await socket.send(bytes)
  socket.destroy()
  await closed
  return { messages, error }
}

function collect(message: IncomingMessage & { collected?: string }, complete: () => void): void {
  message.collected = ''
  message.on('data', (chunk: Buffer) => (message.collected += chunk.toString('latin1')))
  message.on('end', () => {
    if (message.complete) complete()
  })
}

function readingOf(message: IncomingMessage & { collected?: string }, start: string): Reading {
  const { rawHeaders: fields, rawTrailers: trailers, collected: body = '' } = message
  return { start, fields, body, trailers }
}

/** A connection on which what is sent goes nowhere. */
class Bytes extends Duplex {
  override _read(): void {}

  override _write(_: unknown, __: unknown, done: () => void): void {
    done()
  }

  /** Lets the other end read `bytes`, answer, and see the end. */
  async send(bytes: Uint8Array): Promise<void> {
    await nextTurn()
    this.push(bytes)
    for (let turn = 0; turn < 3; turn++) await nextTurn()
    this.push(null)
    for (let turn = 0; turn < 3; turn++) await nextTurn()
    this.destroy()
  }
}
