// Reads wire cases from Markdown: a heading names the case, an `http` block holds the bytes, an `events`
// block what the parser tells.
//
// The lines of an `http` block are joined without line ends: `\r\n`, `\t`, `\x00`, `\\` stand for themselves,
// and `{a*100}` for a run of one character. Behind the word `http` stands the role: `request`, or
// `response to METHOD`; limits may follow, as `head=100`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface WireCase {
  readonly file: string
  readonly name: string
  readonly role: 'request' | 'response'
  /** What the response answers. */
  readonly method: string
  readonly limits: Record<string, number>
  readonly bytes: Uint8Array
  readonly events: string
}

const folder = join(import.meta.dirname, 'cases')
const block = /^(#+) (.+)$|^```http (.*)\n([\s\S]*?)^```$|^```events\n([\s\S]*?)^```$/gm

export function readCases(): WireCase[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => parseCases(file, readFileSync(join(folder, file), 'utf8')))
}

function parseCases(file: string, text: string): WireCase[] {
  const cases: WireCase[] = []
  let name = ''
  let http: { info: string; bytes: Uint8Array } | undefined
  for (const [, , heading, info, source, events] of text.matchAll(block)) {
    if (heading !== undefined) name = heading
    else if (info !== undefined && source !== undefined) {
      if (http !== undefined) throw new Error(`${file}: "${name}" has no events`)
      http = { info, bytes: unescape(source) }
    } else if (events !== undefined) {
      if (http === undefined) throw new Error(`${file}: "${name}" has events without an http block`)
      cases.push({ file, name, ...parseInfo(http.info), bytes: http.bytes, events })
      http = undefined
    }
  }
  const names = new Set(cases.map((one) => one.name))
  if (names.size !== cases.length) throw new Error(`${file}: two cases have the same name`)
  return cases
}

function parseInfo(info: string): Pick<WireCase, 'role' | 'method' | 'limits'> {
  const match = /^(?:(request)|response to ([A-Z]+))((?: \w+=\d+)*)$/.exec(info)
  if (match === null) throw new Error(`Not the head of an http block: ${info}`)
  const limits = Array.from((match[3] ?? '').matchAll(/(\w+)=(\d+)/g), ([, name, limit]) => [
    name,
    Number(limit),
  ])
  return {
    role: match[1] === undefined ? 'response' : 'request',
    method: match[2] ?? '',
    limits: Object.fromEntries(limits) as Record<string, number>,
  }
}

const escapes: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' }

function unescape(source: string): Uint8Array {
  const text = source
    .replaceAll('\n', '')
    .replaceAll(/\{(.)\*(\d+)\}/g, (_, character: string, times: string) =>
      character.repeat(Number(times)),
    )
    .replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, letter: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      const character = escapes[letter]
      if (character === undefined) throw new Error(`Unknown escape: \\${letter}`)
      return character
    })
  return Buffer.from(text, 'latin1')
}
