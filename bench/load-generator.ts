// Drives every server contender in the same way: raw sockets, keep-alive, one request at a time on each.
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Socket } from 'node:net'
import { greeting, request, targetCount, targets } from './exchange.ts'
import { obey } from './harness/child.ts'
import { quantile } from './harness/statistics.ts'

export interface LoadOptions {
  port: number
  connections: number
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
  readonly #socket: Socket
  /** Bytes in each answer: the first one tells, and from then on they are counted. */
  #length = 0
  #received = 0
  #unchecked = checkedAnswers
  #text = ''
  #target = 0
  #begun = 0

  constructor(round: Round, options: LoadOptions) {
    this.#round = round
    this.#options = options
    this.#socket = connect({
      port: options.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (count, bytes) => {
          this.#read(count, bytes as Buffer)
          return true
        },
      },
    })
    this.#socket.on('error', (error) => round.fail(error))
    this.#socket.on('close', () => round.fail(new Error('The contender closed a connection')))
  }

  send(): void {
    this.#target = this.#round.next()
    this.#begun = performance.now()
    this.#socket.write(request(this.#target, this.#options.port), 'latin1')
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
    if (this.#received < this.#length) return
    if (this.#received > this.#length) {
      this.#round.fail(new Error(`Expected ${this.#length} bytes, got ${this.#received}`))
      return
    }
    this.#received = 0
    this.#round.answered(this, performance.now() - this.#begun)
  }

  #check(text: string): void {
    this.#text += text
    const bodyAt = this.#text.indexOf('\r\n\r\n') + 4
    const declared = /^content-length: *(\d+)\r$/im.exec(this.#text)
    if (bodyAt < 4) return
    if (!declared) {
      this.#round.fail(new Error(`No content-length in "${this.#text}"`))
      return
    }
    this.#length = bodyAt + Number(declared[1])
    if (this.#text.length < this.#length) return
    const expected = this.#options.constant
      ? 'Hello, world!'
      : greeting(targets[this.#target % targetCount]!)
    if (!this.#text.startsWith('HTTP/1.1 200 ') || this.#text.slice(bodyAt) !== expected) {
      this.#round.fail(new Error(`Expected "${expected}", got "${this.#text}"`))
      return
    }
    this.#text = ''
    this.#unchecked--
    this.#round.answered(this, performance.now() - this.#begun)
  }
}

/** A number of requests shared by the connections. */
class Round {
  #left = 0
  #waiting = 0
  #target = 0
  #count = 0
  #latencies = new Float64Array(0)
  #resolve: (() => void) | undefined
  #reject: ((error: Error) => void) | undefined

  run(connections: readonly Connection[], requests: number): Promise<void> {
    this.#left = requests
    this.#waiting = requests
    this.#count = 0
    this.#latencies = new Float64Array(requests)
    return new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      for (const connection of connections) {
        if (this.#left === 0) break
        this.#left--
        connection.send()
      }
    })
  }

  next(): number {
    return this.#target++
  }

  answered(connection: Connection, latency: number): void {
    this.#latencies[this.#count++] = latency
    this.#waiting--
    if (this.#left > 0) {
      this.#left--
      connection.send()
    } else if (this.#waiting === 0) {
      this.#resolve?.()
    }
  }

  fail(error: Error): void {
    this.#reject?.(error)
  }

  p99(): number {
    return quantile(this.#latencies, 0.99)
  }
}

let round = new Round()
let open: Connection[] = []

obey({
  /** Opens connections and makes a few requests on each, so that what follows is in its stride. */
  open: async (options: LoadOptions) => {
    round = new Round()
    open = Array.from({ length: options.connections }, () => new Connection(round, options))
    await round.run(open, options.connections * 10)
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
