import { expect, test } from 'vitest'
import { checkKinds, shown } from '../../src/util/option-kinds.ts'

const kinds = {
  any: 'any',
  flag: 'boolean',
  text: 'text',
  name: 'name',
  call: 'function',
  object: 'object',
  list: 'list',
} as const

test('checkKinds() takes what fits, and undefined for what is left out', () => {
  const fitting = {
    any: null,
    flag: false,
    text: '',
    name: 'x',
    call: () => 1,
    object: {},
    list: [],
  }
  checkKinds(fitting, kinds, 'a test')
  checkKinds(
    Object.fromEntries(Object.keys(kinds).map((name) => [name, undefined])),
    kinds,
    'a test',
  )
  checkKinds({}, kinds, 'a test')
})

test.each([
  ['flag', 0, '0 as "flag": expected true or false'],
  ['text', 5, '5 as "text": expected a string'],
  ['name', '', '"" as "name": expected a string that is not empty'],
  ['call', {}, 'Object as "call": expected a function'],
  ['object', null, 'null as "object": expected an object'],
  ['object', [], 'a list as "object": expected an object'],
  ['list', {}, 'Object as "list": expected a list'],
])('checkKinds() refuses "%s" of %j', (name, value, message) => {
  expect(() => checkKinds({ [name]: value }, kinds, 'a test')).toThrow(
    new TypeError(`Cannot use ${message}`),
  )
})

test('checkKinds() refuses names that it does not know, inherited ones of objects too', () => {
  expect(() => checkKinds({ Flag: true }, kinds, 'a test')).toThrow(
    'Cannot use "Flag" as an option of a test, expected "flag"',
  )
  expect(() => checkKinds({ toString: 1 }, kinds, 'a test')).toThrow('"toString"')
  expect(() => checkKinds(Object.create({ nothing: 1 }), kinds, 'a test')).toThrow('"nothing"')
})

test.each([5, null, undefined, 'x', [], () => 1])(
  'checkKinds() refuses options that are %j',
  (options) => {
    expect(() => checkKinds(options as never, kinds, 'a test')).toThrow(
      'as the options of a test: expected an object',
    )
  },
)

test('shown() shows what a person can read', () => {
  expect(shown('a"b')).toBe('"a\\"b"')
  expect(shown('x'.repeat(100))).toHaveLength(63)
  expect(shown(new Map())).toBe('Map')
  expect(shown(() => 1)).toBe('a function')
  expect(shown(5n)).toBe('5')
  expect(shown(Symbol('s'))).toBe('Symbol(s)')
})
