/** The pings of ours that were not answered yet. */
import { WaiterSet } from '../../concurrency/scope/waiter-set.ts'
import { clock } from '../../concurrency/time/current-clock.ts'

/** Of a ping whose answer nobody waits for. */
export const noPayload: Buffer = Buffer.alloc(0)

interface Ping {
  readonly sentAt: number
  readonly waiting: WaiterSet<number>
}

export class Pings {
  /** How long the last answer took, in milliseconds; undefined before the first. */
  roundTrip: number | undefined = undefined
  #count = 0
  #sent: Map<string, Ping> | undefined = undefined

  /** How many were not answered. */
  get pending(): number {
    return this.#sent?.size ?? 0
  }

  /** The payload of the next ping, and the wait for its answer. */
  begin(): { payload: Buffer; answer: Promise<number> } {
    const key = String(++this.#count)
    const ping: Ping = { sentAt: clock().now(), waiting: new WaiterSet() }
    const sent = (this.#sent ??= new Map())
    sent.set(key, ping)
    return { payload: Buffer.from(key), answer: this.#wait(key, ping) }
  }

  /** RFC 6455 §5.5.3: an answer to one is an answer to all before it; what nobody asked for is nothing. */
  answered(data: Uint8Array): void {
    const sent = this.#sent
    const key = Buffer.from(data).toString('latin1')
    if (sent === undefined || !sent.has(key)) return
    const now = clock().now()
    for (const [each, ping] of sent) {
      sent.delete(each)
      this.roundTrip = now - ping.sentAt
      ping.waiting.wake(this.roundTrip)
      if (each === key) break
    }
  }

  /** There won't be any more answers. */
  end(error: Error): void {
    if (this.#sent === undefined) return
    for (const ping of this.#sent.values()) ping.waiting.fail(error)
    this.#sent = undefined
  }

  async #wait(key: string, ping: Ping): Promise<number> {
    try {
      return await ping.waiting.wait('the answer to a ping')
    } finally {
      // Nobody waits any more: its answer is nothing.
      this.#sent?.delete(key)
    }
  }
}
