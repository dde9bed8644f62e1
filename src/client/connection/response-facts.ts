/** What a client looks for in the fields of each response, found in one pass over them. */
import type { FieldList } from '../../wire/http1/messages.ts'

export class ResponseFacts {
  contentType: string | undefined = undefined
  contentEncoding: string | undefined = undefined
  keepAlive: string | undefined = undefined
  location: string | undefined = undefined
  /** Whether there is a `Set-Cookie`. */
  setsCookies = false

  /** The first of each name counts, but for codings: several fields are one list (RFC 9110 §5.3). */
  read(fields: FieldList): void {
    this.contentType = this.contentEncoding = this.keepAlive = this.location = undefined
    this.setsCookies = false
    for (let index = 0; index < fields.length; index += 2) {
      const name = fields[index] as string
      switch (name.length) {
        case 8:
          if (isNamed(name, 'location')) this.location ??= fields[index + 1]
          break
        case 10:
          if (isNamed(name, 'keep-alive')) this.keepAlive ??= fields[index + 1]
          else if (isNamed(name, 'set-cookie')) this.setsCookies = true
          break
        case 12:
          if (isNamed(name, 'content-type')) this.contentType ??= fields[index + 1]
          break
        case 16:
          if (isNamed(name, 'content-encoding')) this.#encoded(fields[index + 1] as string)
          break
        default:
      }
    }
  }

  #encoded(value: string): void {
    const before = this.contentEncoding
    this.contentEncoding = before === undefined ? value : `${before}, ${value}`
  }
}

function isNamed(name: string, lowerCase: string): boolean {
  return name === lowerCase || name.toLowerCase() === lowerCase
}
