// Messages made from the grammar of RFC 9112, and messages that were one before something was done to them.
import fc from 'fast-check'

export interface Message {
  /** Of a request. */
  readonly method: string
  readonly target: string
  /** Of a response. */
  readonly status: number
  readonly reason: string
  /** Names, values, names, values, … without those that frame, and without Host. */
  readonly fields: readonly string[]
  readonly body: string
  readonly framing: 'none' | 'length' | 'chunked'
  readonly trailers: readonly string[]
  /** As it stands on the wire. */
  readonly text: string
}

const alphanumeric = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const tokenCharacters = `${alphanumeric}!#$%&'*+-.^_\`|~`
const targetCharacters = `${alphanumeric}-._~!$&'()*+,;=:@/?%[]{}|^"<>`
const blanks = fc.constantFrom('', ' ', '\t', '  ')

const knownMethods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PURGE']

function textOf(characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters.split('')), minLength, maxLength })
}

/** Any text of one byte a character. */
export const latin1: fc.Arbitrary<string> = fc
  .uint8Array({ maxLength: 60 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))

const token = textOf(tokenCharacters, 1, 12)

const visible = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 0x20 + i))
const value = textOf(`${visible}\t\u0080\u00a0\u00e9\u00ff`, 0, 24).map((text) =>
  text.replaceAll(/^[ \t]+|[ \t]+$/g, ''),
)

// What would change how the message is read, or is no trailer.
const special =
  /^(?:host|expect|upgrade|connection|content-length|transfer-encoding|keep-alive|te|trailer|date|age|vary|range|cookie|pragma)$/i
const fields = fc
  .array(
    fc.tuple(
      token.filter((name) => !special.test(name)),
      value,
    ),
    { maxLength: 6 },
  )
  .map((pairs) => pairs.flat())

interface Chunk {
  readonly data: string
  readonly zeros: number
  readonly extension: string
}

const chunk: fc.Arbitrary<Chunk> = fc.record({
  data: latin1.filter((text) => text !== ''),
  zeros: fc.nat(3),
  extension: fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    fc.tuple(token, token).map(([name, text]) => `;${name}=${text}`),
    fc.tuple(token, token).map(([name, text]) => `;${name}="${text}\\"\t"`),
    token.map((name) => `;${name}`),
  ),
})

type Body = Pick<Message, 'body' | 'framing' | 'trailers'> & { head: string; coded: string }

const noBody: Body = { body: '', framing: 'none', trailers: [], head: '', coded: '' }

const bodies: fc.Arbitrary<Body> = fc.oneof(
  fc.constant(noBody),
  latin1
    .filter((body) => body !== '')
    .map((body) => ({
      ...noBody,
      framing: 'length' as const,
      body,
      head: `Content-Length: ${body.length}\r\n`,
      coded: body,
    })),
  fc.tuple(fc.array(chunk, { maxLength: 4 }), fields).map(([chunks, trailers]) => ({
    body: chunks.map(({ data }) => data).join(''),
    framing: 'chunked' as const,
    trailers,
    head: 'Transfer-Encoding: chunked\r\n',
    coded: `${chunks.map(writeChunk).join('')}0\r\n${writeFields(trailers, '')}\r\n`,
  })),
)

function writeChunk({ data, zeros, extension }: Chunk): string {
  return `${'0'.repeat(zeros)}${data.length.toString(16)}${extension}\r\n${data}\r\n`
}

function writeFields(list: readonly string[], blank: string): string {
  let text = ''
  for (let i = 0; i < list.length; i += 2) text += `${list[i]}:${blank}${list[i + 1]}${blank}\r\n`
  return text
}

const withoutResponse = { status: 0, reason: '' }
const withoutRequest = { method: '', target: '' }

/** A request that keeps its connection; its methods are those that every parser knows. */
export const request: fc.Arbitrary<Message> = fc
  .tuple(
    fc.constantFrom(...knownMethods),
    textOf(targetCharacters, 0, 20).map((path) => `/${path}`),
    fields,
    bodies,
    blanks,
  )
  .map(([method, target, list, { head, coded, ...body }, blank]) => ({
    ...withoutResponse,
    method,
    target,
    fields: list,
    ...body,
    text: `${method} ${target} HTTP/1.1\r\nHost:${blank}a.example\r\n${head}${writeFields(list, blank)}\r\n${coded}`,
  }))

/** The response to GET, with a length or chunked. */
export const response: fc.Arbitrary<Message> = fc
  .tuple(
    fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
    value,
    fields,
    bodies.filter((body) => body.framing !== 'none'),
    blanks,
  )
  .map(([status, reason, list, { head, coded, ...body }, blank]) => ({
    ...withoutRequest,
    status,
    reason,
    fields: list,
    ...body,
    text: `HTTP/1.1 ${status} ${reason}\r\n${head}${writeFields(list, blank)}\r\n${coded}`,
  }))

const troublemakers = [
  '\r \n \0 \t : ; , " \\ # = \x7f \x80 \xa0 \x0b \xff \r\n \r\n\r\n \n\n \r\r\n 0\r\n\r\n'.split(
    ' ',
  ),
  'chunked gzip, close + - 0x _ 0 5 HTTP/1.0 1.2 Transfer-Encoding:chunked'.split(' '),
  [
    ' ',
    ' ;',
    '; ',
    '\r\n ',
    '\r\n\t',
    ' \r\n',
    ' HTTP/1.1',
    'X: y\r\n',
    'Host: b\r\n',
    'Connection: close\r\n',
  ],
  [
    'Content-Length: 5\r\n',
    'Content-Length : 5\r\n',
    'Content-Length: 5, 5\r\n',
    ' Content-Length: 5\r\n',
  ],
  ['Transfer-Encoding: chunked\r\n', 'Expect: 100-continue\r\n'],
  ['GET /b HTTP/1.1\r\nHost: b\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n'],
].flat()

interface Mutation {
  readonly at: number
  readonly removed: number
  readonly inserted: string
  /** Whether `at` is moved on to the next line end. */
  readonly atLineEnd: boolean
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 6 })),
  inserted: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...troublemakers) },
    { weight: 1, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: latin1 },
  ),
  atLineEnd: fc.boolean(),
})

function mutate(text: string, { at, removed, inserted, atLineEnd }: Mutation): string {
  let offset = Math.floor(at * (text.length + 1))
  if (atLineEnd) {
    const end = text.indexOf('\r\n', offset)
    if (end !== -1) offset = end + 2
  }
  return text.slice(0, offset) + inserted + text.slice(offset + removed)
}

/** Some messages, one behind the other, some of which are damaged. */
export function damaged(messages: fc.Arbitrary<Message>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(
      fc.array(messages, { minLength: 1, maxLength: 3 }),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
    )
    .map(([list, mutations]) => {
      const text = list.map((message) => message.text).join('')
      return Buffer.from(mutations.reduce(mutate, text), 'latin1')
    })
}

/** Where to cut `bytes`, as fractions of its length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 5,
})

export function cutAt(bytes: Uint8Array, fractions: readonly number[]): Uint8Array[] {
  const offsets = fractions.map((one) => Math.floor(one * bytes.length)).toSorted((a, b) => a - b)
  return [...offsets, bytes.length].map((end, i) => bytes.slice(i === 0 ? 0 : offsets[i - 1], end))
}
