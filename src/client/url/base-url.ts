import { shown } from '../../util/option-kinds.ts'
import type { URLReader } from './request-url.ts'
import { resolveReference } from './resolve-reference.ts'

/** What the URLs of a session's requests are resolved against; without a base, they stay as they are. */
export class BaseURL {
  readonly #href: string | undefined
  // For paths from the root.
  readonly #origin: string

  /** @throws TypeError for what can't be a base */
  constructor(given: string | URL | undefined, urls: URLReader) {
    if (given === undefined) {
      this.#href = undefined
      this.#origin = ''
      return
    }
    const base = urls.read(String(given))
    if (!base.target.replace(/\?.*$/s, '').endsWith('/')) {
      throw new TypeError(
        `Cannot use ${JSON.stringify(String(given))} as "baseUrl": its path must end with a slash, since what stands behind the last one is replaced`,
      )
    }
    // With user and password, which are for what is resolved against it.
    const user = base.userInfo === undefined ? '' : `${base.userInfo}@`
    const origin = base.origin.href.replace('://', `://${user}`)
    this.#href = origin + base.target
    this.#origin = origin
  }

  absolute(url: string | URL): string {
    const text = typeof url === 'string' ? url : hrefOf(url)
    if (this.#href === undefined || /^https?:\/\//i.test(text)) return text
    // A path from the root that has no dots is where the base's origin ends.
    if (text.startsWith('/') && !text.startsWith('//') && !text.includes('/.')) {
      return this.#origin + text
    }
    return resolveReference(this.#href, text)
  }
}

function hrefOf(url: URL): string {
  if (url instanceof URL) return url.href
  throw new TypeError(`Cannot request ${shown(url)}: expected a string or a URL`)
}
