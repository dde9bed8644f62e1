import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeEvent, type ServerSentEvent } from '../../../src/server/sse/event-encoding.ts'

/** What a browser makes of it (HTML Standard §9.2.6). */
function parse(text: string): { data: string; event: string; id: string }[] {
  const events: { data: string; event: string; id: string }[] = []
  let data: string[] = []
  let event = 'message'
  let id = ''
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (data.length > 0) events.push({ data: data.join('\n'), event, id })
      data = []
      event = 'message'
      continue
    }
    const [, name = '', value = ''] = /^([^:]*):? ?([\s\S]*)$/.exec(line) ?? []
    if (name === 'data') data.push(value)
    else if (name === 'event') event = value
    else if (name === 'id') id = value
  }
  return events
}

describe('encodeEvent()', () => {
  test.each<[ServerSentEvent | string, string]>([
    ['hello', 'data: hello\n\n'],
    ['', 'data: \n\n'],
    ['a\nb\r\nc\rd', 'data: a\ndata: b\ndata: c\ndata: d\n\n'],
    [{ data: { a: 1 } }, 'data: {"a":1}\n\n'],
    [{ data: null }, 'data: null\n\n'],
    [
      { event: 'tick', id: '7', retry: 3000, data: 'x' },
      'event: tick\nid: 7\nretry: 3000\ndata: x\n\n',
    ],
    [{ comment: 'a\nb' }, ': a\n: b\n\n'],
    [{ id: '' }, 'id: \n\n'],
  ])('writes %j', (event, text) => {
    expect(encodeEvent(event)).toBe(text)
  })

  test.each<[ServerSentEvent, string]>([
    [{ event: 'a\nb', data: 'x' }, 'Invalid name "a\\nb" of an event'],
    [{ id: 'a\rb', data: 'x' }, 'Invalid id "a\\rb" of an event'],
    [{ id: 'a\0b', data: 'x' }, 'Invalid id'],
    [{ retry: 1.5 }, 'Invalid retry of 1.5 ms'],
    [{ retry: -1 }, 'Invalid retry of -1 ms'],
    [{ data: () => 1 }, 'Cannot send function as an event'],
    [{}, 'Cannot send an event that has nothing in it'],
  ])('refuses %j', (event, message) => {
    expect(() => encodeEvent(event)).toThrow(message)
  })

  test('is read as one event with the same data, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ':', ' ', '\n', '\r', 'data: ', 'é') }),
        (data) => {
          const [event, ...more] = parse(encodeEvent({ data, id: '1' }) + encodeEvent('end'))
          expect(event).toEqual({
            data: data.replaceAll(/\r\n?/g, '\n'),
            event: 'message',
            id: '1',
          })
          expect(more).toEqual([{ data: 'end', event: 'message', id: '1' }])
        },
      ),
    )
  })
})
