/**
 * Who waits for a slot: one line for each priority, the highest first. Within a line the order is
 * that of arrival, which `order` numbers, so that one who was set aside finds its place again. Whoever
 * leaves does so through `place.line`.
 */
import { type LinePlace, WaitLine } from '../../scope/wait-line.ts'

export interface PriorityPlace extends LinePlace {
  /** Higher goes first. */
  readonly priority: number
  /** When it came, as a number that counts up. */
  readonly order: number
}

interface Level<P extends PriorityPlace> {
  readonly priority: number
  readonly line: WaitLine<P>
}

export class PriorityLines<P extends PriorityPlace> {
  /** Lowest priority first, so that the highest is taken off the end. An empty one goes when it is met. */
  readonly #levels: Level<P>[] = []
  /** Puts `place` behind those of its priority that came before it. */
  add(place: P): void {
    const { line } = this.#level(place.priority)
    // Almost always at the end at once; one that was set aside has to pass those that came later.
    let behind: P | undefined
    for (let other = line.last; other !== undefined && other.order > place.order;) {
      behind = other
      other = other.ahead as P | undefined
    }
    line.add(place, behind)
  }

  /** Puts `place` before those of its priority that came after it: where few came before it. */
  putBack(place: P): void {
    const { line } = this.#level(place.priority)
    let behind = line.first
    while (behind !== undefined && behind.order < place.order)
      behind = behind.behind as P | undefined
    line.add(place, behind)
  }

  /** Takes out who goes first. */
  shift(): P | undefined {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const place = level.line.shift()
      if (place !== undefined) return place
      // The last one stays, since the next to come is most likely of the same priority.
      if (this.#levels.length === 1) return undefined
      this.#levels.pop()
    }
    return undefined
  }

  /** All of them, the lowest priority first. */
  *members(): Generator<P> {
    for (const { line } of this.#levels) yield* line.members()
  }

  #level(priority: number): Level<P> {
    const levels = this.#levels
    let low = 0
    let high = levels.length
    while (low < high) {
      const middle = (low + high) >> 1
      const level = levels[middle] as Level<P>
      if (level.priority === priority) return level
      if (level.priority < priority) low = middle + 1
      else high = middle
    }
    const level = { priority, line: new WaitLine<P>() }
    levels.splice(low, 0, level)
    return level
  }
}
