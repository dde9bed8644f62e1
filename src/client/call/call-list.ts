import type { Call } from './call.ts'

/** The calls of a session that are not over: a linked list, so that coming and going is cheap. */
export class CallList {
  #first: Call | undefined = undefined
  #size = 0
  #watchers: Set<() => void> | undefined = undefined

  get size(): number {
    return this.#size
  }

  add(call: Call): void {
    this.#size++
    call.listed = true
    call.nextCall = this.#first
    if (this.#first !== undefined) this.#first.previousCall = call
    this.#first = call
  }

  /** Nothing if it is not in the list. */
  remove(call: Call): void {
    if (!call.listed) return
    const { previousCall, nextCall } = call
    this.#size--
    call.listed = false
    if (previousCall === undefined) this.#first = nextCall
    else previousCall.nextCall = nextCall
    if (nextCall !== undefined) nextCall.previousCall = previousCall
    call.previousCall = call.nextCall = undefined
    if (this.#watchers !== undefined) this.changed()
  }

  /** Those of now: a copy, so that they may go meanwhile. */
  all(): Call[] {
    const calls: Call[] = []
    for (let call = this.#first; call !== undefined; call = call.nextCall) calls.push(call)
    return calls
  }

  /** Calls back whenever a call leaves the list, or has its response, until it is unwatched. */
  watch(watcher: () => void): void {
    ;(this.#watchers ??= new Set()).add(watcher)
  }

  unwatch(watcher: () => void): void {
    this.#watchers?.delete(watcher)
    if (this.#watchers?.size === 0) this.#watchers = undefined
  }

  /** @internal */
  changed(): void {
    if (this.#watchers !== undefined) for (const watcher of this.#watchers) watcher()
  }
}
