import { Buffer } from 'node:buffer'

// A value that is longer is hardly the same as the last one.
const longest = 256

/**
 * The value that a field had last. Peers say the same again and again: then it is one string, which was looked
 * at once and is found by its bytes.
 */
export class LastValue {
  #text = ''
  #bytes: Uint8Array = new Uint8Array(0)

  /** The text from `start` to `end`, if it is the same again. */
  at(bytes: Uint8Array, start: number, end: number): string | undefined {
    const last = this.#bytes
    if (end - start !== last.length) return undefined
    for (let index = 0; index < last.length; index++) {
      if (bytes[start + index] !== last[index]) return undefined
    }
    return this.#text
  }

  /** `text`, each character one byte, as the one to compare with; and in a form that is quick to compare. */
  keep(text: string): string {
    if (text.length > longest) return text
    this.#bytes = Buffer.from(text, 'latin1')
    // The name of a property is one string in the whole program.
    this.#text = Object.keys({ [text]: 0 })[0] as string
    return this.#text
  }
}
