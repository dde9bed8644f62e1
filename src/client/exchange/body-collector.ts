/**
 * Gathers a body that somebody asked for as a whole before it came: `session.get(url).text()`. No
 * stream is made, and a small body that comes in one piece is decoded where it stands in the read
 * buffer.
 */
import type { Waiter } from '../../concurrency/scope/waiter.ts'
import { HeldBytes } from '../../http/held-bytes.ts'
import { decodeText } from '../../http/text-decoding.ts'
import { decodableCharset } from '../response/charset.ts'
import type { BodyReceiver } from './body-receiver.ts'

export type BodyForm = 'text' | 'json' | 'bytes'

const nothing = new Uint8Array(0)

export class BodyCollector implements BodyReceiver {
  readonly form: BodyForm
  readonly #waiter: Waiter<unknown>
  // With these many bytes it is complete; -1 if that is not known.
  #expected = -1
  #contentType: string | undefined = undefined
  #whole: unknown = undefined
  #isWhole = false
  #failure: unknown = undefined
  #held: HeldBytes | undefined = undefined

  constructor(form: BodyForm, waiter: Waiter<unknown>) {
    this.form = form
    this.#waiter = waiter
  }

  /** What the head says of the body. */
  begin(expected: number, contentType: string | undefined): void {
    this.#expected = expected
    this.#contentType = contentType
  }

  push(bytes: Uint8Array, shared: boolean): void {
    if (bytes.byteLength === this.#expected) this.#convert(bytes, shared)
    else (this.#held ??= new HeldBytes()).add(bytes, shared)
  }

  end(): void {
    if (!this.#isWhole) this.#convert(this.#held?.takeAll() ?? nothing, false)
    if (this.#failure === undefined) this.#waiter.resolve(this.#whole)
    else this.#waiter.reject(this.#failure)
  }

  /** Takes what somebody else reads in its place. */
  follow(reading: Promise<unknown>): void {
    reading.then(
      (whole) => this.#waiter.resolve(whole),
      (error: unknown) => this.#waiter.reject(error),
    )
  }

  fail(error: unknown): void {
    this.#waiter.reject(error)
  }

  #convert(bytes: Uint8Array, shared: boolean): void {
    this.#isWhole = true
    this.#held = undefined
    try {
      if (this.form === 'bytes') this.#whole = shared ? Buffer.from(bytes) : bytes
      else if (this.form === 'text')
        this.#whole = decodeText(bytes, decodableCharset(this.#contentType))
      else this.#whole = JSON.parse(decodeText(bytes))
    } catch (error) {
      this.#failure = error
    }
  }
}
