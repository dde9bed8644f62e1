import { Fields } from 'spool/server'
import { expect, test } from 'vitest'

const fields = new Fields(
  'a=1&a=2&t=x&n=-1.5e2&big=9007199254740993&on=yes&off=0&bare&empty=&hex=0x10',
)

test('Fields is URLSearchParams', () => {
  expect(fields.getAll('a')).toEqual(['1', '2'])
  expect(fields).toBeInstanceOf(URLSearchParams)
})

test('text() gives what is there, or the fallback', () => {
  expect(fields.text('t')).toBe('x')
  expect(fields.text('empty')).toBe('')
  expect(fields.text('none', 'y')).toBe('y')
  expect(() => fields.text('none')).toThrow('The field "none" is missing')
})

test('integer() takes whole numbers within its bounds', () => {
  expect(fields.integer('a')).toBe(1)
  expect(fields.integer('none', { fallback: 3 })).toBe(3)
  expect(fields.integer('a', { min: 1, max: 1 })).toBe(1)
  for (const name of ['t', 'n', 'big', 'empty', 'hex', 'bare']) {
    expect(() => fields.integer(name)).toThrow(`Expected "${name}" to be a whole number`)
  }
  expect(() => fields.integer('a', { min: 2, max: 5 })).toThrow(
    'Expected "a" to be a whole number of at least 2 and at most 5',
  )
  expect(() => fields.integer('none')).toThrow(expect.objectContaining({ status: 400 }))
})

test('number() takes decimal numbers within its bounds', () => {
  expect(fields.number('n')).toBe(-150)
  expect(fields.number('none', { fallback: 0.5 })).toBe(0.5)
  for (const name of ['t', 'empty', 'hex']) {
    expect(() => fields.number(name)).toThrow(`Expected "${name}" to be a number`)
  }
  expect(() => fields.number('n', { min: 0 })).toThrow('a number of at least 0')
})

test('boolean() takes the usual words', () => {
  expect(['on', 'bare', 'empty', 'a'].map((name) => fields.boolean(name))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(fields.boolean('off', true)).toBe(false)
  expect(fields.boolean('none')).toBe(false)
  expect(fields.boolean('none', true)).toBe(true)
  expect(() => fields.boolean('t')).toThrow('Expected "t" to be true or false')
})

test('oneOf() takes one of the choices', () => {
  expect(fields.oneOf('t', ['x', 'y'])).toBe('x')
  expect(fields.oneOf('none', ['x', 'y'], 'y')).toBe('y')
  expect(() => fields.oneOf('t', ['y', 'z'])).toThrow('Expected "t" to be one of y, z')
  expect(() => fields.oneOf('none', ['y'])).toThrow('The field "none" is missing')
})
