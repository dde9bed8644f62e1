// Scheme and authority. A backslash is a slash to the parser of URLs.
const start = /^https?:\/\/[^/?#\\]*/i

/**
 * Tells whose URL it is: scheme, host and port. Lists name the same host over and over, and parsing
 * each URL whole would cost more than reading it.
 */
export class Origins {
  #lastStart = ''
  #last: string | undefined = undefined

  /** `http://example.com`; undefined if it is no URL that can be fetched. */
  of(url: string): string | undefined {
    const found = start.exec(url)
    if (found === null) return undefined
    const [authority] = found
    if (authority !== this.#lastStart) {
      this.#lastStart = authority
      this.#last = URL.parse(authority)?.origin
    }
    return this.#last
  }
}
