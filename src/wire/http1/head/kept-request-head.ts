import { Buffer } from 'node:buffer'
import type { FieldList, MinorVersion, RequestHead } from '../messages.ts'
import { RequestParser } from '../request-parser.ts'

/**
 * A head that was read, and is kept for long: as its text alone, which is read again when somebody asks for
 * what it says.
 */
export class KeptRequestHead implements RequestHead {
  readonly #text: string
  #read: RequestHead | undefined

  /** `text`: as a `ReadRequestHead` has it. */
  constructor(text: string) {
    this.#text = text
    this.#read = undefined
  }

  get method(): string {
    return KeptRequestHead.#head(this).method
  }

  get target(): string {
    return KeptRequestHead.#head(this).target
  }

  get minorVersion(): MinorVersion {
    return KeptRequestHead.#head(this).minorVersion
  }

  get fields(): FieldList {
    return KeptRequestHead.#head(this).fields
  }

  get framing(): RequestHead['framing'] {
    return KeptRequestHead.#head(this).framing
  }

  get contentLength(): number {
    return KeptRequestHead.#head(this).contentLength
  }

  get host(): string | undefined {
    return KeptRequestHead.#head(this).host
  }

  get keepAlive(): boolean {
    return KeptRequestHead.#head(this).keepAlive
  }

  get expectContinue(): boolean {
    return KeptRequestHead.#head(this).expectContinue
  }

  get upgrade(): string | undefined {
    return KeptRequestHead.#head(this).upgrade
  }

  get contentType(): string | undefined {
    return KeptRequestHead.#head(this).contentType
  }

  static #head(kept: KeptRequestHead): RequestHead {
    return (kept.#read ??= readAgain(kept.#text))
  }
}

/** It has passed the limits of its server, whatever those are. */
function readAgain(text: string): RequestHead {
  let read: RequestHead | undefined
  const events = {
    head: (head: RequestHead): void => void (read = head),
    body: (): void => undefined,
    end: (): void => undefined,
  }
  const { length } = text
  const parser = new RequestParser(events, { target: length, head: length + 1, fields: length })
  parser.feed(Buffer.from(text, 'latin1'))
  return read as RequestHead
}
