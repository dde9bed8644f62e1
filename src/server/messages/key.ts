import { show } from '../../concurrency/scope/arguments.ts'
import { aText, checkValue } from '../option-checks.ts'

/** The name of a value of type `T` that a request or an application carries. Made by `key()`. */
export class Key<T> {
  readonly name: string
  // Never set: makes keys of different types different types.
  declare readonly type: (value: T) => T

  /** @internal */
  constructor(name: string) {
    this.name = name
  }
}

/**
 * Makes a typed key. Two keys of one name are two keys: the name is for people.
 *
 * @example
 * ```ts
 * const language = key<string>('language')
 * const app = new Application()
 *   .use((request, next) => {
 *     request.set(language, request.headers.get('accept-language') ?? 'en')
 *     return next(request)
 *   })
 *   .get('/', (request) => text(request.get(language) ?? ''))
 * ```
 */
export function key<T>(name: string): Key<T> {
  checkValue('key()', 'name', name, aText)
  return new Key<T>(name)
}

/** Values by typed keys; makes its map when something is put in. */
export class KeyedValues {
  /** Where a value is looked for that is not here. */
  around: KeyedValues | undefined = undefined
  #values: Map<Key<never>, unknown> | undefined = undefined

  get<T>(key: Key<T>): T | undefined {
    const own = this.#values?.get(key as unknown as Key<never>) as T | undefined
    return own ?? this.around?.get(key)
  }

  set<T>(key: Key<T>, value: T): void {
    if (!(key instanceof Key)) {
      throw new TypeError(`Cannot set a value for ${show(key)}: expected what key() has made`)
    }
    this.#values ??= new Map<Key<never>, unknown>()
    this.#values.set(key as unknown as Key<never>, value)
  }
}
