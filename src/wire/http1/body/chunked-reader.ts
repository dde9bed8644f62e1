/**
 * The chunked coding (RFC 9112 §7.1), byte by byte where it has to be and chunk by chunk where it may.
 *
 *     chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 *     chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
 *
 * Extensions are checked and dropped; the trailer section is read as fields (§7.1.2) but for those that
 * may not stand there.
 */
import { cutFields, FieldFacts, fieldsAt, noteFacts } from '../head/field-reader.ts'
import {
  CR,
  hexValue,
  HTAB,
  LF,
  quotedBytes,
  refused,
  showByte,
  SP,
  tokenBytes,
} from '../grammar.ts'
import { HeadReader } from '../head/head-reader.ts'
import type { HTTP1Limits } from '../limits.ts'
import type { FieldList } from '../messages.ts'
import { checkTrailers } from './trailers.ts'

export interface BodyEvents {
  body(bytes: Uint8Array): void
  end(trailers: FieldList): void
}

const SIZE = 0
const SIZE_LF = 1
const DATA = 2
const DATA_CR = 3
const DATA_LF = 4
const LAST = 5
const LAST_LF = 6
const TRAILERS = 7
// Within an extension.
const BLANK_AFTER_SIZE = 8
const BLANK_BEFORE_NAME = 9
const NAME = 10
const BLANK_AFTER_NAME = 11
const BLANK_BEFORE_EXT_VALUE = 12
const TOKEN_VALUE = 13
const QUOTED_VALUE = 14
const ESCAPED = 15
const AFTER_QUOTED = 16
const BLANK_AFTER_VALUE = 17

const noTrailers: FieldList = Object.freeze([])
const facts = new FieldFacts()

export class ChunkedReader {
  /** The trailer fields of the last message. */
  trailers: FieldList
  readonly #limits: HTTP1Limits
  #phase: number
  /** Of the size line, then of the data that is still to come. */
  #size: number
  #lineLength: number
  #digits: number
  #extensionBytes: number
  #trailerReader: HeadReader | null

  constructor(limits: HTTP1Limits) {
    this.trailers = noTrailers
    this.#limits = limits
    this.#phase = SIZE
    this.#size = 0
    this.#lineLength = 0
    this.#digits = 0
    this.#extensionBytes = 0
    this.#trailerReader = null
  }

  begin(): void {
    this.#phase = SIZE
    this.#size = 0
    this.#lineLength = 0
    this.#digits = 0
    this.#extensionBytes = 0
  }

  /**
   * Reads on at `at`, and tells the body to `events`, but not its end. Returns the offset behind the
   * trailer section, or -1 if all bytes were used and it goes on; then `trailers` holds the fields.
   */
  read(bytes: Uint8Array, at: number, events: BodyEvents): number {
    while (at < bytes.length) {
      if (this.#phase === DATA) {
        const end = Math.min(bytes.length, at + this.#size)
        events.body(bytes.subarray(at, end))
        this.#size -= end - at
        at = end
        if (this.#size > 0) return -1
        this.#phase = DATA_CR
      } else if (this.#phase === TRAILERS) {
        this.#trailerReader ??= new HeadReader(this.#limits, null)
        const end = this.#trailerReader.read(bytes, at)
        if (end !== -1) {
          const { scan } = this.#trailerReader
          const text = this.#trailerReader.takeText()
          noteFacts(scan, text, facts, true)
          this.trailers = checkTrailers(cutFields(text, fieldsAt(scan, text), scan.fieldCount))
        }
        return end
      } else if (this.#phase === LAST) {
        // Nearly always the empty line follows, and no reader of trailers is needed.
        this.trailers = noTrailers
        if (bytes[at] === CR) {
          this.#phase = LAST_LF
          at++
        } else this.#phase = TRAILERS
      } else if (this.#phase === LAST_LF) {
        if (bytes[at] !== LF) throw refused('CR without LF at the end of a chunked body')
        return at + 1
      } else {
        this.#line(bytes[at]!)
        at++
      }
    }
    return -1
  }

  /** One byte of what stands between the data of two chunks. */
  #line(byte: number): void {
    switch (this.#phase) {
      case DATA_CR:
        if (byte !== CR) throw refused(`Chunk is followed by ${showByte(byte)} instead of CR LF`)
        this.#phase = DATA_LF
        return
      case DATA_LF:
        if (byte !== LF) throw refused('CR without LF behind a chunk')
        this.#beginLine()
        return
      case SIZE_LF:
        if (byte !== LF) throw refused('CR without LF in the line of a chunk')
        this.#phase = this.#size === 0 ? LAST : DATA
        return
      case SIZE: {
        this.#countLine()
        const digit = hexValue[byte]!
        if (digit < 16) {
          this.#size = this.#size * 16 + digit
          this.#digits++
          if (!Number.isSafeInteger(this.#size)) throw refused('Chunk size is too large')
          return
        }
        if (this.#digits === 0) throw refused(`Chunk size begins with ${showByte(byte)}`)
        this.#endOfElement(byte, BLANK_AFTER_SIZE, 'Chunk size')
        return
      }
      default:
        this.#countLine()
        this.#extension(byte)
    }
  }

  #beginLine(): void {
    this.#phase = SIZE
    this.#size = 0
    this.#digits = 0
    this.#lineLength = 0
  }

  #countLine(): void {
    if (++this.#lineLength > this.#limits.chunkLine) {
      throw refused(`Line of a chunk is longer than ${this.#limits.chunkLine} bytes`)
    }
  }

  /** CR, `;`, or blanks, which only `;` may follow. */
  #endOfElement(byte: number, blanks: number, what: string): void {
    if (byte === CR) this.#phase = SIZE_LF
    else if (byte === 0x3b) this.#phase = BLANK_BEFORE_NAME
    else if (isBlank(byte)) this.#phase = blanks
    else throw refused(`${what} contains ${showByte(byte)}`)
  }

  #extension(byte: number): void {
    if (++this.#extensionBytes > this.#limits.chunkExtensions) {
      throw refused(`Chunk extensions are longer than ${this.#limits.chunkExtensions} bytes`)
    }
    switch (this.#phase) {
      case BLANK_AFTER_SIZE:
      case BLANK_AFTER_VALUE:
        if (isBlank(byte)) return
        if (byte !== 0x3b) throw refused(`Blank before ${showByte(byte)} in the line of a chunk`)
        this.#phase = BLANK_BEFORE_NAME
        return
      case BLANK_BEFORE_NAME:
        if (isBlank(byte)) return
        if (!isTokenByte(byte)) throw badExtension(byte)
        this.#phase = NAME
        return
      case NAME:
        if (isTokenByte(byte)) return
        if (byte === 0x3d) this.#phase = BLANK_BEFORE_EXT_VALUE
        else this.#endOfElement(byte, BLANK_AFTER_NAME, 'Chunk extension')
        return
      case BLANK_AFTER_NAME:
        if (isBlank(byte)) return
        if (byte === 0x3d) this.#phase = BLANK_BEFORE_EXT_VALUE
        else if (byte === 0x3b) this.#phase = BLANK_BEFORE_NAME
        else throw badExtension(byte)
        return
      case BLANK_BEFORE_EXT_VALUE:
        if (isBlank(byte)) return
        if (byte === 0x22) this.#phase = QUOTED_VALUE
        else if (isTokenByte(byte)) this.#phase = TOKEN_VALUE
        else throw badExtension(byte)
        return
      case TOKEN_VALUE:
        if (!isTokenByte(byte)) this.#endOfElement(byte, BLANK_AFTER_VALUE, 'Chunk extension')
        return
      case QUOTED_VALUE:
        if (byte === 0x22) this.#phase = AFTER_QUOTED
        else if (byte === 0x5c) this.#phase = ESCAPED
        else if (quotedBytes[byte] !== 1) throw badExtension(byte)
        return
      case ESCAPED:
        // quoted-pair = "\" ( HTAB / SP / VCHAR / obs-text )
        if (quotedBytes[byte] !== 1 && byte !== 0x22 && byte !== 0x5c) {
          throw badExtension(byte)
        }
        this.#phase = QUOTED_VALUE
        return
      default: // AFTER_QUOTED
        this.#endOfElement(byte, BLANK_AFTER_VALUE, 'Chunk extension')
    }
  }
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB
}

function isTokenByte(byte: number): boolean {
  return tokenBytes[byte] === 1
}

function badExtension(byte: number): Error {
  return refused(`Chunk extension contains ${showByte(byte)}`)
}
