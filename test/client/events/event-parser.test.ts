import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventParser } from '../../../src/client/events/event-parser.ts'

function parse(text: string | Uint8Array, size = Infinity): unknown[] {
  const parser = new EventParser(1000)
  const bytes = Buffer.from(text)
  const events: unknown[] = []
  for (let at = 0; at < bytes.length; at += size) {
    for (const { type, data, id } of parser.feed(
      bytes.subarray(at, Math.min(at + size, bytes.length)),
    )) {
      events.push([type, data, id])
    }
  }
  return [...events, parser.lastEventId, parser.retry]
}

// The examples of the HTML standard, and what its rules say.
const cases: [
  name: string,
  stream: string,
  events: unknown[],
  lastEventId?: string,
  retry?: number,
][] = [
  ['lines of data', 'data: a\ndata:b\ndata:  c\n\n', [['message', 'a\nb\n c', '']]],
  [
    'comments, ids and types',
    ': test\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\nevent: add\ndata:  third\n\n',
    [
      ['message', 'first event', '1'],
      ['message', 'second event', ''],
      ['add', ' third', ''],
    ],
    '',
  ],
  [
    'empty data, and what is incomplete',
    'data\n\ndata\ndata\n\ndata:',
    [
      ['message', '', ''],
      ['message', '\n', ''],
    ],
  ],
  ['no data, no event', 'event: x\n\nid: 5\n\n', [], '5'],
  [
    'a type for one event only',
    'event: x\ndata: 1\n\ndata: 2\n\n',
    [
      ['x', '1', ''],
      ['message', '2', ''],
    ],
  ],
  [
    'CR LF and CR',
    'data: a\r\ndata: b\r\n\r\ndata: c\r\rdata: d\n\r',
    [
      ['message', 'a\nb', ''],
      ['message', 'c', ''],
      ['message', 'd', ''],
    ],
  ],
  ['a byte order mark', '\uFEFFdata: a\n\n\uFEFFdata: b\n\n', [['message', 'a', '']]],
  [
    'an id with NUL',
    'id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n',
    [
      ['message', 'a', '1'],
      ['message', 'b', '1'],
    ],
    '1',
  ],
  ['retry', 'retry: 1500\nretry: 2s\nretry:\nretry: -1\n\n', [], '', 1500],
  ['fields that nobody knows', 'datax: 1\nDATA: 2\n data: 3\ndata: 4\n\n', [['message', '4', '']]],
  ['characters of several bytes', 'data: grün €𝄞\n\n', [['message', 'grün €𝄞', '']]],
]

describe('EventParser', () => {
  it.each(cases)('reads %s', (_, stream, events, lastEventId = '', retry) => {
    expect(parse(stream)).toEqual([...events, lastEventId, retry])
  })

  it.each(cases)('reads %s in pieces of every size', (_, stream) => {
    const whole = parse(stream)
    for (let size = 1; size < Buffer.byteLength(stream); size++) {
      expect(parse(stream, size), `size ${size}`).toEqual(whole)
    }
  })

  it('puts U+FFFD for what is no UTF-8', () => {
    const stream = Buffer.concat([Buffer.from('data: '), Buffer.of(0xff), Buffer.from('\n\n')])
    expect(parse(stream)).toEqual([['message', '\uFFFD', ''], '', undefined])
  })

  it('reads anything the same in whatever pieces', () => {
    const unit = fc.constantFrom(
      '\r',
      '\n',
      'data',
      'id',
      'event',
      ':',
      ' ',
      'x',
      'ü',
      '\uFEFF',
      '\0',
    )
    fc.assert(
      fc.property(
        fc.string({ unit, maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        (text, size) => {
          expect(parse(text, size)).toEqual(parse(text))
        },
      ),
      { numRuns: 500 },
    )
  })

  it.each([
    ['a line that does not end', ['data: ' + 'x'.repeat(1000)]],
    ['lines of one event', Array.from({ length: 12 }, () => `data: ${'x'.repeat(94)}\n`)],
    ['comments without an end', Array.from({ length: 12 }, () => `:${'x'.repeat(99)}\n`)],
  ])('refuses %s above the limit', (_, pieces) => {
    const parser = new EventParser(1000)
    expect(() => {
      for (const piece of pieces) parser.feed(Buffer.from(piece))
    }).toThrow(expect.objectContaining({ code: 'SPOOL_BODY_TOO_LARGE' }))
  })

  it('counts each event by itself', () => {
    const parser = new EventParser(100)
    for (let event = 0; event < 100; event++) {
      expect(parser.feed(Buffer.from(`data: ${'x'.repeat(80)}\n\n`))).toHaveLength(1)
    }
  })
})
