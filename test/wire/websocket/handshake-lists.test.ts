import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as ws from 'ws'
import { parseExtensions, parseNames } from '../../../src/wire/websocket/handshake-lists.ts'

const { extension, subprotocol } = ws as unknown as {
  extension: { parse(header: string): Record<string, Record<string, (string | true)[]>[]> }
  subprotocol: { parse(header: string): Set<string> }
}

/** As `ws` has it: what an extension is offered with, by its name. */
function grouped(header: string): Record<string, unknown[]> | undefined {
  const extensions = parseExtensions(header)
  if (extensions === undefined) return undefined
  const groups: Record<string, unknown[]> = {}
  for (const [name, parameters] of extensions) (groups[name] ??= []).push({ ...parameters })
  return groups
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}

describe('parseExtensions()', () => {
  test('parseExtensions() gives each extension with its parameters, in their order', () => {
    const header = 'a; x; y=1 ; y="2", b,\ta;z="\\3"'
    expect(parseExtensions(header)).toEqual([
      ['a', { x: [true], y: ['1', '2'] }],
      ['b', {}],
      ['a', { z: ['3'] }],
    ])
  })

  test.each([
    '',
    ',',
    'a,',
    'a;',
    ';a',
    'a,,b',
    'a=1',
    'a; =1',
    'a; b=',
    'a; b=""',
    'a; b="c',
    'a; b="c d"',
    'a b',
    'a; b = c',
    'a/b',
    'ä',
  ])('parseExtensions() refuses %j', (header) => {
    expect(parseExtensions(header)).toBeUndefined()
  })

  test('parseExtensions() reads what ws reads', () => {
    const piece = fc.constantFrom(
      'a',
      'permessage-deflate',
      'x_1',
      '; ',
      ';',
      ', ',
      ',',
      '=',
      '"',
      '\\',
      ' ',
      '9',
      'é',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        // Blanks at both ends are none of a field's value.
        const header = pieces.join('').trim()
        const theirs = attempt(() => JSON.stringify(extension.parse(header)))
        expect(JSON.stringify(grouped(header))).toBe(theirs)
      }),
    )
  })

  test('parseExtensions() takes a name that every object has', () => {
    expect(parseExtensions('constructor; __proto__=1')?.[0]?.[0]).toBe('constructor')
    expect(Object.keys(parseExtensions('a; __proto__=1')![0]![1])).toEqual(['__proto__'])
  })
})

describe('parseNames()', () => {
  test('parseNames() gives the names in their order', () => {
    expect(parseNames('v2 ,\tv1,chat.example')).toEqual(['v2', 'v1', 'chat.example'])
  })

  test.each(['', ',', 'a,', 'a,,b', 'a b', 'a, a', 'a/b', 'é'])(
    'parseNames() refuses %j',
    (header) => {
      expect(parseNames(header)).toBeUndefined()
    },
  )

  test('parseNames() reads what ws reads', () => {
    const piece = fc.constantFrom('a', 'b', 'chat', ',', ', ', ' ', '/', '"')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const header = pieces.join('').trim()
        const theirs = attempt(() => [...subprotocol.parse(header)])
        expect(parseNames(header)).toEqual(theirs)
      }),
    )
  })
})
