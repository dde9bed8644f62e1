/**
 * Finds what is served under the host name that a client asks for. A pattern is a name such as
 * `api.example.org`, in which `{name}` stands for one label. Ports don't count, and neither does case.
 */
import { Captures } from './route-table.ts'

interface HostPattern<T> {
  readonly expression: RegExp
  readonly names: readonly string[]
  readonly value: T
}

export interface HostMatch<T> {
  readonly value: T
  readonly params: Readonly<Record<string, string>>
}

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const param = /^\{([A-Za-z_]\w*)\}$/
const noParams: Readonly<Record<string, string>> = Object.freeze(Object.create(null))

export class HostTable<T> {
  readonly #names = new Map<string, T>()
  readonly #patterns: HostPattern<T>[] = []
  readonly #sources = new Set<string>()

  /** Throws TypeError for what is no host name, or was added before. */
  add(source: string, value: T): void {
    const names: string[] = []
    const labels = source.split('.').map((part) => {
      const name = param.exec(part)?.[1]
      if (name !== undefined) {
        names.push(name)
        return '([^.]+)'
      }
      const lower = part.toLowerCase()
      if (label.test(lower)) return lower
      throw new TypeError(
        `Invalid host ${JSON.stringify(source)}: expected labels such as "api" or "{name}", without a port`,
      )
    })
    const shape = labels.join('.')
    if (this.#sources.has(shape)) {
      throw new TypeError(`Cannot add host "${source}": another one matches the same`)
    }
    this.#sources.add(shape)
    if (names.length === 0) this.#names.set(shape, value)
    else {
      const expression = new RegExp(`^${labels.join(String.raw`\.`)}$`)
      this.#patterns.push({ expression, names, value })
    }
  }

  /** By the `Host` as it came. Names without parameters are found first, then patterns in their order. */
  find(host: string): HostMatch<T> | undefined {
    const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
    const exact = this.#names.get(name)
    if (exact !== undefined) return { value: exact, params: noParams }
    for (const { expression, names, value } of this.#patterns) {
      const found = expression.exec(name)
      if (found === null) continue
      const params = new Captures()
      for (const [index, name] of names.entries()) params[name] = found[index + 1] as string
      return { value, params }
    }
    return undefined
  }
}
