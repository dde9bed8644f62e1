/**
 * The hosts that have requests waiting and may open a connection for them, that whose request has
 * waited for longest first: a binary heap that knows where each host stands.
 */
import type { PoolHost, PoolRequest } from './pool-host.ts'

export class WaitingHosts<Connection, Request extends PoolRequest<Connection, Request>> {
  readonly #heap: PoolHost<Connection, Request>[] = []

  get first(): PoolHost<Connection, Request> | undefined {
    return this.#heap[0]
  }

  /** Adds the host, or moves it after its first waiting request has changed. */
  put(host: PoolHost<Connection, Request>): void {
    if (host.heapIndex < 0) {
      host.heapIndex = this.#heap.length
      this.#heap.push(host)
    }
    this.#up(host)
    this.#down(host)
  }

  remove(host: PoolHost<Connection, Request>): void {
    const index = host.heapIndex
    if (index < 0) return
    host.heapIndex = -1
    const last = this.#heap.pop() as PoolHost<Connection, Request>
    if (last === host) return
    this.#set(index, last)
    this.#up(last)
    this.#down(last)
  }

  #up(host: PoolHost<Connection, Request>): void {
    while (host.heapIndex > 0) {
      const index = host.heapIndex
      const parentIndex = (index - 1) >> 1
      const parent = this.#at(parentIndex)
      if (arrivalOf(parent) <= arrivalOf(host)) return
      this.#set(index, parent)
      this.#set(parentIndex, host)
    }
  }

  #down(host: PoolHost<Connection, Request>): void {
    for (;;) {
      const index = host.heapIndex
      let childIndex = 2 * index + 1
      if (childIndex >= this.#heap.length) return
      const right = childIndex + 1
      if (right < this.#heap.length) {
        if (arrivalOf(this.#at(right)) < arrivalOf(this.#at(childIndex))) childIndex = right
      }
      const child = this.#at(childIndex)
      if (arrivalOf(host) <= arrivalOf(child)) return
      this.#set(index, child)
      this.#set(childIndex, host)
    }
  }

  #at(index: number): PoolHost<Connection, Request> {
    return this.#heap[index] as PoolHost<Connection, Request>
  }

  #set(index: number, host: PoolHost<Connection, Request>): void {
    this.#heap[index] = host
    host.heapIndex = index
  }
}

function arrivalOf<Connection, Request extends PoolRequest<Connection, Request>>(
  host: PoolHost<Connection, Request>,
): number {
  return (host.firstWaiting as Request).arrival
}
