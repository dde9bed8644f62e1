import type { FieldList, MinorVersion, RequestHead } from '../messages.ts'
import { cutFields } from './field-reader.ts'

/** A head that was read. Its fields stay in its text until somebody asks for them. */
export class ReadRequestHead implements RequestHead {
  readonly method: string
  readonly target: string
  readonly minorVersion: MinorVersion
  readonly framing: RequestHead['framing']
  readonly contentLength: number
  readonly host: string | undefined
  readonly keepAlive: boolean
  readonly expectContinue: boolean
  readonly upgrade: string | undefined
  readonly contentType: string | undefined
  /** As it was read, down to the empty line; each character one byte. */
  readonly text: string
  readonly #fieldsAt: number
  readonly #fieldCount: number
  #fields: FieldList | undefined

  constructor(
    method: string,
    target: string,
    minorVersion: MinorVersion,
    text: string,
    fieldsAt: number,
    fieldCount: number,
    framing: RequestHead['framing'],
    contentLength: number,
    host: string | undefined,
    keepAlive: boolean,
    expectContinue: boolean,
    upgrade: string | undefined,
    contentType: string | undefined,
  ) {
    this.method = method
    this.target = target
    this.minorVersion = minorVersion
    this.framing = framing
    this.contentLength = contentLength
    this.host = host
    this.keepAlive = keepAlive
    this.expectContinue = expectContinue
    this.upgrade = upgrade
    this.contentType = contentType
    this.text = text
    this.#fieldsAt = fieldsAt
    this.#fieldCount = fieldCount
    this.#fields = undefined
  }

  get fields(): FieldList {
    return (this.#fields ??= cutFields(this.text, this.#fieldsAt, this.#fieldCount))
  }
}
