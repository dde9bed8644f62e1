/**
 * The fields of one message, kept as the parsers give them: a flat list of names and values in the
 * order and the spelling in which they came. It can be used wherever a reader of the web's `Headers`
 * is wanted, without the cost of making one for each message.
 *
 * A list that came from a parser is shared until somebody changes it: names and values in it were
 * checked when they were read. What is put in here is checked when it is put in, so that an injection
 * fails where it is made and not where it is sent.
 */
import { shown } from '../util/option-kinds.ts'
import type { FieldList } from '../wire/http1/messages.ts'

/** What headers can be made of. */
export type HeadersInput =
  | HeaderFields
  | Headers
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | number | readonly string[] | undefined>>

// RFC 9110 §5.6.2: token.
const nameSyntax = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// RFC 9110 §5.5: visible characters, obs-text, space and tab. CR, LF and NUL would end the field.
const notInValue = /[^\t\x20-\x7e\x80-\xff]/
const aroundValue = /^[\t\n\r ]+|[\t\n\r ]+$/g

export class HeaderFields {
  #list: FieldList
  // Whether #list is ours to change, seen as the same list.
  #own: string[] | undefined

  /** Takes the list as it is: for what a parser read. Use `HeaderFields.from()` for anything else. */
  constructor(list: FieldList = []) {
    this.#list = list
    this.#own = undefined
  }

  /** Copies `init`, checking names and values; in a record, undefined leaves a name out. */
  static from(init?: HeadersInput): HeaderFields {
    if (init === undefined) return new HeaderFields()
    if (init instanceof HeaderFields) return new HeaderFields([...init.#list])
    if (typeof init !== 'object' || init === null) {
      throw new TypeError(`Cannot use ${shown(init)} as headers: expected names and values`)
    }
    const fields = new HeaderFields()
    if (isIterable(init)) {
      for (const pair of init) fields.append(...pairFrom(pair))
      return fields
    }
    for (const [name, value] of Object.entries(init)) {
      if (value === undefined) continue
      if (Array.isArray(value)) for (const one of value) fields.append(name, one as string)
      else fields.append(name, textFrom(name, value))
    }
    return fields
  }

  /** The flat list itself: not to be changed. */
  get raw(): FieldList {
    return this.#list
  }

  /** The value; several of one name joined by a comma and a space; null if there is none. */
  get(name: string): string | null {
    const list = this.#list
    let joined: string | null = null
    for (let index = 0; index < list.length; index += 2) {
      if (!sameName(list[index] as string, name)) continue
      const value = list[index + 1] as string
      joined = joined === null ? value : `${joined}, ${value}`
    }
    return joined
  }

  /** Each value of this name, in order. */
  getAll(name: string): string[] {
    const list = this.#list
    const values: string[] = []
    for (let index = 0; index < list.length; index += 2) {
      if (sameName(list[index] as string, name)) values.push(list[index + 1] as string)
    }
    return values
  }

  /** Each `Set-Cookie`, which alone can't be joined. */
  getSetCookie(): string[] {
    return this.getAll('set-cookie')
  }

  has(name: string): boolean {
    const list = this.#list
    for (let index = 0; index < list.length; index += 2) {
      if (sameName(list[index] as string, name)) return true
    }
    return false
  }

  /** Puts one value in the place of all of this name. Throws TypeError if it can't be sent. */
  set(name: string, value: string): void {
    checkName(name)
    const checked = checkValue(name, value)
    const own = this.#writable()
    for (let index = 0; index < own.length; index += 2) {
      if (!sameName(own[index] as string, name)) continue
      own[index + 1] = checked
      this.#remove(name, index + 2)
      return
    }
    own.push(name, checked)
  }

  /** Adds a value to those of this name. Throws TypeError if it can't be sent. */
  append(name: string, value: string): void {
    checkName(name)
    const checked = checkValue(name, value)
    this.#writable().push(name, checked)
  }

  delete(name: string): void {
    if (this.has(name)) this.#remove(name, 0)
  }

  /** As the web's `Headers` do: names in lower case and in order, values of one name joined. */
  *entries(): Generator<[string, string], undefined> {
    const list = this.#list
    const names = new Set<string>()
    for (let index = 0; index < list.length; index += 2) {
      names.add((list[index] as string).toLowerCase())
    }
    for (const name of [...names].sort()) {
      if (name === 'set-cookie') for (const value of this.getSetCookie()) yield [name, value]
      else yield [name, this.get(name) ?? '']
    }
  }

  *keys(): Generator<string, undefined> {
    for (const [name] of this.entries()) yield name
  }

  *values(): Generator<string, undefined> {
    for (const [, value] of this.entries()) yield value
  }

  forEach(callback: (value: string, name: string, fields: HeaderFields) => void): void {
    for (const [name, value] of this.entries()) callback(value, name, this)
  }

  [Symbol.iterator](): Generator<[string, string], undefined> {
    return this.entries()
  }

  /** A real `Headers` with the same fields. */
  toHeaders(): Headers {
    return new Headers([...this.entries()])
  }

  #writable(): string[] {
    if (this.#own === undefined) {
      this.#own = [...this.#list]
      this.#list = this.#own
    }
    return this.#own
  }

  #remove(name: string, from: number): void {
    const own = this.#writable()
    for (let index = from; index < own.length;) {
      if (sameName(own[index] as string, name)) own.splice(index, 2)
      else index += 2
    }
  }
}

/** Whether two field names are the same, which case does not change (RFC 9110 §5.1). */
export function sameName(one: string, other: string): boolean {
  return one === other || (one.length === other.length && one.toLowerCase() === other.toLowerCase())
}

function isIterable(
  init: Exclude<HeadersInput, HeaderFields>,
): init is Iterable<readonly [string, string]> {
  return Symbol.iterator in init
}

function checkName(name: string): void {
  if (nameSyntax.test(name)) return
  throw new TypeError(`Invalid header name ${JSON.stringify(name)}: expected a token`)
}

function checkValue(name: string, value: string): string {
  const trimmed = value.replaceAll(aroundValue, '')
  const found = notInValue.exec(trimmed)
  if (found === null) return trimmed
  throw new TypeError(
    `Invalid value of header ${JSON.stringify(name)}: character ${JSON.stringify(found[0])} can't be sent`,
  )
}

function pairFrom(pair: unknown): [name: string, value: string] {
  if (Array.isArray(pair) && pair.length === 2) {
    const [name, value] = pair as [unknown, unknown]
    if (typeof name === 'string') return [name, textFrom(name, value)]
  }
  throw new TypeError(`Cannot use ${shown(pair)} as a header: expected a name and a value`)
}

function textFrom(name: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new TypeError(
    `Invalid value ${shown(value)} of header "${name}": expected a string or a number`,
  )
}
