// Drives every server contender in the same way: raw sockets, keep-alive, one request at a time on each.
import { connect } from 'node:net'
import { connect as connectTLS } from 'node:tls'
import { performance } from 'node:perf_hooks'
import type { Socket } from 'node:net'
import { certificate } from './harness/certificate.ts'
import { obey } from './harness/child.ts'
import { quantile } from './harness/statistics.ts'
import { type Row, rowNamed } from './rows.ts'

export interface LoadOptions {
  /** Name of a row. */
  row: string
  port: number
  connections: number
  /** Requests for each connection when it is opened. */
  each: number
  /** Whether the answer is always the same, as the floor's. */
  constant: boolean
}

export interface LoadRound {
  /** Milliseconds. */
  p99: number
  /** Seconds. */
  elapsed: number
}

// Read and forgotten: one buffer does for all connections.
const shared = Buffer.allocUnsafe(64 * 1024)
const digit2 = 50

// So many answers are checked in full on each connection before it is measured.
const checkedAnswers = 3

class Connection {
  readonly #round: Round
  readonly #options: LoadOptions
  readonly #row: Row
  readonly #socket: Socket
  /** Bytes in each answer: the first one tells, and from then on they are counted. */
  #length = 0
  #received = 0
  #unchecked = checkedAnswers
  #text = ''
  /** Requests that were written together and are not answered yet. */
  #batch = 0
  #first = 0
  #begun = 0

  constructor(round: Round, options: LoadOptions) {
    this.#round = round
    this.#options = options
    this.#row = rowNamed(options.row)
    const where = {
      port: options.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (count: number, bytes: Uint8Array) => {
          this.#read(count, bytes as Buffer)
          return true
        },
      },
    }
    this.#socket =
      this.#row.tls === true
        ? connectTLS({ ...where, ca: certificate.cert, servername: 'localhost' })
        : connect(where)
    this.#socket.on('error', (error) => round.fail(error))
    this.#socket.on('close', () => round.fail(new Error('The contender closed a connection')))
  }

  /** Writes so many requests at once. */
  send(count: number): void {
    const { port } = this.#options
    let requests = ''
    this.#first = this.#round.take(count)
    for (let at = 0; at < count; at++) requests += this.#row.request(this.#first + at, port)
    this.#batch = count
    this.#begun = performance.now()
    this.#socket.write(requests, 'latin1')
  }

  get responseLength(): number {
    return this.#length
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #read(count: number, bytes: Buffer): void {
    if (this.#unchecked > 0) {
      this.#check(bytes.toString('latin1', 0, count))
      return
    }
    if (this.#received === 0 && bytes[9] !== digit2) {
      this.#round.fail(new Error(`Unexpected answer: "${bytes.toString('latin1', 0, count)}"`))
      return
    }
    this.#received += count
    const expected = this.#length * this.#batch
    if (this.#received < expected) return
    if (this.#received > expected) {
      this.#round.fail(new Error(`Expected ${expected} bytes, got ${this.#received}`))
      return
    }
    this.#received = 0
    this.#answered()
  }

  #check(text: string): void {
    this.#text += text
    const bodyAt = this.#text.indexOf('\r\n\r\n') + 4
    if (bodyAt < 4) return
    const declared = /^content-length: *(\d+)\r$/im.exec(this.#text.slice(0, bodyAt))
    if (!declared) {
      this.#round.fail(new Error(`No content-length in "${this.#text}"`))
      return
    }
    this.#length = bodyAt + Number(declared[1])
    if (this.#text.length < this.#length * this.#batch) return
    for (let at = 0; at < this.#batch; at++) {
      const answer = this.#text.slice(at * this.#length, (at + 1) * this.#length)
      const expected = this.#row.answer(this.#options.constant ? 0 : this.#first + at)
      if (!answer.startsWith('HTTP/1.1 200 ') || answer.slice(bodyAt) !== expected) {
        this.#round.fail(new Error(`Expected "${expected}", got "${answer}"`))
        return
      }
    }
    this.#text = ''
    this.#unchecked--
    this.#answered()
  }

  #answered(): void {
    const count = this.#batch
    this.#batch = 0
    this.#round.answered(this, count, performance.now() - this.#begun)
  }
}

/** A number of requests shared by the connections. */
class Round {
  readonly #batch: number
  #left = 0
  #waiting = 0
  #taken = 0
  #count = 0
  #latencies = new Float64Array(0)
  #resolve: (() => void) | undefined
  #reject: ((error: Error) => void) | undefined

  constructor(batch: number) {
    this.#batch = batch
  }

  run(connections: readonly Connection[], requests: number): Promise<void> {
    this.#left = requests
    this.#waiting = requests
    this.#count = 0
    this.#latencies = new Float64Array(Math.ceil(requests / this.#batch))
    return new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      for (const connection of connections) this.#send(connection)
    })
  }

  /** The first of the next `count` requests. */
  take(count: number): number {
    const first = this.#taken
    this.#taken += count
    return first
  }

  answered(connection: Connection, count: number, latency: number): void {
    this.#latencies[this.#count++] = latency
    this.#waiting -= count
    if (this.#left > 0) this.#send(connection)
    else if (this.#waiting === 0) this.#resolve?.()
  }

  fail(error: Error): void {
    this.#reject?.(error)
  }

  p99(): number {
    return quantile(this.#latencies.subarray(0, this.#count), 0.99)
  }

  #send(connection: Connection): void {
    const count = Math.min(this.#left, this.#batch)
    if (count === 0) return
    this.#left -= count
    connection.send(count)
  }
}

let round = new Round(1)
let open: Connection[] = []

obey({
  /**
   * Opens connections and makes a few requests on each, so that what follows is in its stride. Returns how
   * many bytes an answer has.
   */
  open: async (options: LoadOptions): Promise<number> => {
    const { pipelining } = rowNamed(options.row)
    round = new Round(pipelining)
    open = Array.from({ length: options.connections }, () => new Connection(round, options))
    await round.run(open, options.connections * pipelining * options.each)
    return open[0]!.responseLength
  },
  run: async (requests: number): Promise<LoadRound> => {
    const begun = performance.now()
    await round.run(open, requests)
    return { p99: round.p99(), elapsed: (performance.now() - begun) / 1000 }
  },
  close: () => {
    for (const connection of open) connection.close()
    open = []
  },
})
