// What holds for every message. The gate tries a bounded number of them, test/long as many as there is time.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  type FieldList,
  ProtocolError,
  type RequestHead,
  RequestParser,
  type ResponseHead,
  ResponseParser,
  writeRequestHead,
  writeResponseHead,
} from 'spool/wire'
import {
  cutAt,
  cuts,
  damaged,
  latin1,
  type Message,
  request,
  response,
} from './message-arbitraries.ts'
import { type Fed, piecesOf, record } from './recording.ts'

export interface Property {
  readonly name: string
  check(parameters: fc.Parameters<unknown>): void
}

const requests: Fed = { role: 'request', method: '', limits: {} }
const responses: Fed = { role: 'response', method: 'GET', limits: {} }
// So small that mutations often reach them.
const tightRequests: Fed = {
  ...requests,
  limits: { target: 12, head: 120, fields: 4, chunkLine: 8, trailers: 40, trailerFields: 2 },
}

export const properties: readonly Property[] = [
  {
    name: 'RequestParser reads what was written, wherever the bytes are cut',
    check(parameters) {
      const messages = fc.array(request, { minLength: 1, maxLength: 3 })
      fc.assert(
        fc.property(messages, cuts, (list, fractions) => {
          const bytes = Buffer.from(list.map((one) => one.text).join(''), 'latin1')
          assert.deepEqual(readRequests(cutAt(bytes, fractions)), list.map(modelOf))
        }),
        parameters,
      )
    },
  },
  {
    name: 'ResponseParser reads what was written, wherever the bytes are cut',
    check(parameters) {
      fc.assert(
        fc.property(response, cuts, (message, fractions) => {
          const bytes = Buffer.from(message.text, 'latin1')
          assert.deepEqual(readResponse(cutAt(bytes, fractions)), modelOf(message))
        }),
        parameters,
      )
    },
  },
  ...(
    [
      ['RequestParser', requests, damaged(request)],
      ['RequestParser with small limits', tightRequests, damaged(request)],
      ['ResponseParser', responses, damaged(response)],
      [
        'RequestParser fed with anything',
        requests,
        latin1.map((text) => Buffer.from(text, 'latin1')),
      ],
      [
        'ResponseParser fed with anything',
        responses,
        latin1.map((text) => Buffer.from(text, 'latin1')),
      ],
    ] as const
  ).map(([name, how, bytes]) => ({
    name: `${name}: where the bytes are cut makes no difference`,
    check(parameters: fc.Parameters<unknown>) {
      fc.assert(
        fc.property(bytes, cuts, (message, fractions) => {
          const whole = record(how, [message])
          assert.equal(record(how, cutAt(message, fractions)), whole)
          assert.equal(record(how, piecesOf(message, 1)), whole)
        }),
        parameters,
      )
    },
  })),
  {
    name: 'writeRequestHead() writes what is read as the same, or throws',
    check(parameters) {
      const parts = fc.tuple(
        anyText('GET'),
        anyText('/'),
        fc.array(fc.tuple(anyText('A'), anyText('b'))),
      )
      fc.assert(
        fc.property(parts, ([method, target, pairs]) => {
          const fields = ['Host', 'a.example', ...pairs.flat()]
          const text = written(() => writeRequestHead(method, target, fields))
          if (text === undefined) return
          // What a parser of requests refuses for another reason than its form is the caller's to send.
          const head = readHead(text)
          if (head !== undefined) assert.deepEqual(head, { method, target, fields })
        }),
        parameters,
      )
    },
  },
  {
    name: 'writeResponseHead() writes what is read as the same, or throws',
    check(parameters) {
      const parts = fc.tuple(
        fc.integer({ min: 200, max: 599 }),
        anyText('OK'),
        fc.array(fc.tuple(anyText('A'), anyText('b'))),
      )
      fc.assert(
        fc.property(parts, ([status, reason, pairs]) => {
          const fields = pairs.flat()
          const text = written(() => writeResponseHead(status, reason, fields))
          if (text === undefined) return
          assert.deepEqual(readResponseHead(text), { status, reason, fields })
        }),
        parameters,
      )
    },
  },
]

type Model = Pick<
  Message,
  'method' | 'target' | 'status' | 'reason' | 'fields' | 'body' | 'framing' | 'trailers'
>

/** The message as the parsers tell it, without what frames it. */
function modelOf(message: Message): Model {
  const { method, target, status, reason, fields, body, framing, trailers } = message
  return { method, target, status, reason, fields, body, framing, trailers }
}

class Collector {
  readonly messages: Model[] = []
  #head: RequestHead | ResponseHead | undefined
  #body = ''

  informational(): void {}

  head(head: RequestHead | ResponseHead): void {
    this.#head = head
    this.#body = ''
  }

  body(bytes: Uint8Array): void {
    this.#body += Buffer.from(bytes).toString('latin1')
  }

  end(trailers: FieldList): void {
    const head = this.#head!
    const isResponse = 'status' in head
    this.messages.push({
      method: isResponse ? '' : head.method,
      target: isResponse ? '' : head.target,
      status: isResponse ? head.status : 0,
      reason: isResponse ? head.reason : '',
      fields: withoutFraming(head.fields),
      body: this.#body,
      framing: head.framing as Model['framing'],
      trailers,
    })
  }
}

function withoutFraming(fields: FieldList): string[] {
  return fields.filter(
    (_, i) => !/^(?:host|content-length|transfer-encoding)$/i.test(fields[i - (i % 2)]!),
  )
}

function readRequests(pieces: readonly Uint8Array[]): Model[] {
  const collector = new Collector()
  const parser = new RequestParser(collector)
  for (const piece of pieces) parser.feed(piece)
  parser.eof()
  return collector.messages
}

function readResponse(pieces: readonly Uint8Array[]): Model {
  const collector = new Collector()
  const parser = new ResponseParser(collector)
  parser.start('GET')
  for (const piece of pieces) parser.feed(piece)
  parser.eof()
  return collector.messages[0]!
}

/** What is fine, or all but. */
function anyText(fine: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(fine) },
    fc
      .tuple(fc.constant(fine), fc.string({ unit: 'binary', maxLength: 4 }))
      .map((parts) => parts.join('')),
    latin1,
    fc.constantFrom(
      'Content-Length',
      'Transfer-Encoding',
      'chunked',
      '5',
      'a\r\nX: y',
      'a\r\n\r\n',
      '',
    ),
  )
}

function written(write: () => string): string | undefined {
  try {
    return write()
  } catch (error) {
    if (ProtocolError.is(error) && error.origin === 'local') return undefined
    throw error
  }
}

function readHead(text: string): Pick<RequestHead, 'method' | 'target' | 'fields'> | undefined {
  let found: RequestHead | undefined
  const parser = new RequestParser({ head: (head) => void (found = head), body() {}, end() {} })
  try {
    parser.feed(Buffer.from(text, 'latin1'))
  } catch (error) {
    // The forms of a target, CONNECT, Expect: not a matter of where a part ends.
    assert.match((error as Error).message, /target|CONNECT|OPTIONS|Expectation|Method is longer/)
    return undefined
  }
  const { method, target, fields } = found!
  return { method, target, fields }
}

function readResponseHead(text: string): Pick<ResponseHead, 'status' | 'reason' | 'fields'> {
  let found: ResponseHead | undefined
  const parser = new ResponseParser({
    informational() {},
    head: (head) => void (found = head),
    body() {},
    end() {},
  })
  parser.start('GET')
  assert.equal(parser.feed(Buffer.from(text, 'latin1')), text.length)
  const { status, reason, fields } = found!
  return { status, reason, fields }
}
