/** What the session waits for when it closes: a call, or what a call has become. */
export interface ListedCall {
  /** Its place in the list. */
  listed: boolean
  previousCall: ListedCall | undefined
  nextCall: ListedCall | undefined
  /** Gives it up. */
  abort(error: unknown): void
  /** The session closes: ends what nobody has begun to read, and what would not end by itself. */
  releaseUnread(error: unknown): void
}

/** The calls of a session that are not over: a linked list, so that coming and going is cheap. */
export class CallList {
  #first: ListedCall | undefined = undefined
  #size = 0
  #watchers: Set<() => void> | undefined = undefined

  get size(): number {
    return this.#size
  }

  add(call: ListedCall): void {
    this.#size++
    call.listed = true
    call.nextCall = this.#first
    if (this.#first !== undefined) this.#first.previousCall = call
    this.#first = call
  }

  /** Nothing if it is not in the list. */
  remove(call: ListedCall): void {
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
  all(): ListedCall[] {
    const calls: ListedCall[] = []
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
