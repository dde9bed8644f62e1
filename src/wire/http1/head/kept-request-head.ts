/**
 * A head that was read, and is kept for long: as its text alone, in which what most heads have is one
 * character. It is read again when somebody asks for what it says.
 */
import { Buffer } from 'node:buffer'
import type { FieldList, MinorVersion, RequestHead } from '../messages.ts'
import { RequestParser } from '../request-parser.ts'

export class KeptRequestHead implements RequestHead {
  /** Packed; or what it says, once somebody has asked. */
  #head: string | RequestHead

  /** `text`: as a `ReadRequestHead` has it. */
  constructor(text: string) {
    this.#head = packed(text)
  }

  get method(): string {
    return KeptRequestHead.#read(this).method
  }

  get target(): string {
    return KeptRequestHead.#read(this).target
  }

  get minorVersion(): MinorVersion {
    return KeptRequestHead.#read(this).minorVersion
  }

  get fields(): FieldList {
    return KeptRequestHead.#read(this).fields
  }

  get framing(): RequestHead['framing'] {
    return KeptRequestHead.#read(this).framing
  }

  get contentLength(): number {
    return KeptRequestHead.#read(this).contentLength
  }

  get host(): string | undefined {
    return KeptRequestHead.#read(this).host
  }

  get keepAlive(): boolean {
    return KeptRequestHead.#read(this).keepAlive
  }

  get expectContinue(): boolean {
    return KeptRequestHead.#read(this).expectContinue
  }

  get upgrade(): string | undefined {
    return KeptRequestHead.#read(this).upgrade
  }

  get contentType(): string | undefined {
    return KeptRequestHead.#read(this).contentType
  }

  static #read(kept: KeptRequestHead): RequestHead {
    const head = kept.#head
    return typeof head === 'string' ? (kept.#head = readAgain(unpacked(head))) : head
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

// Each is written as a control character, of which a head that was read has none but HTAB, CR and LF.
const phrases = [
  'GET ',
  ' HTTP/1.1\r\nHost: ',
  '\r\nConnection: Upgrade',
  '\r\nUpgrade: websocket',
  '\r\nSec-WebSocket-Version: 13',
  '\r\nSec-WebSocket-Key: ',
  '\r\nSec-WebSocket-Extensions: permessage-deflate',
  '; client_max_window_bits',
  '\r\nSec-WebSocket-Protocol: ',
  '\r\nOrigin: http',
  '\r\nCookie: ',
  '\r\nUser-Agent: Mozilla/5.0 (',
  'Windows NT 10.0; Win64; x64)',
  'Macintosh; Intel Mac OS X 10_15_7)',
  ' AppleWebKit/537.36 (KHTML, like Gecko) Chrome/',
  '.0.0.0 Safari/537.36',
  ' Gecko/20100101 Firefox/',
  '\r\nAccept: */*',
  '\r\nAccept-Encoding: gzip, deflate, br',
  '\r\nAccept-Language: ',
  '\r\nCache-Control: no-cache',
  '\r\nPragma: no-cache',
  '\r\nSec-Fetch-Dest: ',
  '\r\nSec-Fetch-Mode: websocket',
  '\r\nSec-Fetch-Site: ',
  '\r\nAuthorization: Bearer ',
  '\r\nX-Forwarded-For: ',
  '\r\nX-Forwarded-Proto: http',
]
const codes = Array.from('\0\x01\x02\x03\x04\x05\x06\x07\b\v\f\x0e\x0f')
for (let code = 0x10; codes.length < phrases.length; code++) codes.push(String.fromCharCode(code))

const codeOf = new Map(phrases.map((phrase, index) => [phrase, codes[index] as string]))
const phraseOf = new Map(phrases.map((phrase, index) => [codes[index] as string, phrase]))
const anyPhrase = new RegExp(
  phrases.map((phrase) => phrase.replaceAll(/[$()*+./;?[\\\]^{|}]/g, '\\$&')).join('|'),
  'g',
)
// oxlint-disable-next-line no-control-regex -- no head has them: they are what stands for the phrases
const anyCode = /[\0-\b\v\f\x0e-\x1f]/g

function packed(text: string): string {
  const short = text.replace(anyPhrase, (phrase) => codeOf.get(phrase) as string)
  // As one piece: what `replace()` makes may be a tree of them, and of parts of the text.
  return Buffer.from(short, 'latin1').toString('latin1')
}

function unpacked(short: string): string {
  return short.replace(anyCode, (code) => phraseOf.get(code) ?? code)
}
