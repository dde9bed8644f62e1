import { expect, test } from 'vitest'
import { Slices, sliceSize } from '../../../src/io/socket/slices.ts'

function drain(slices: Slices): (Uint8Array | string)[] {
  const all: (Uint8Array | string)[] = []
  for (let slice = slices.next(); slice !== undefined; slice = slices.next()) all.push(slice)
  return all
}

test('Slices cut what is large and keep the order', () => {
  const slices = new Slices()
  const bytes = Buffer.alloc(2 * sliceSize + 1, 'spool')
  slices.push(bytes)
  slices.push('text')
  slices.push(Buffer.alloc(sliceSize))
  expect(slices.bytes).toBe(3 * sliceSize + 5)
  const all = drain(slices)
  expect(all.map(({ length }) => length)).toEqual([sliceSize, sliceSize, 1, 4, sliceSize])
  expect(Buffer.concat(all.slice(0, 3).map((slice) => Buffer.from(slice))).equals(bytes)).toBe(true)
  expect(all[3]).toBe('text')
  expect(slices.bytes).toBe(0)
})

test('Slices cut text by characters, each of them a byte', () => {
  const slices = new Slices()
  const text = '\u00e9'.repeat(sliceSize + 1)
  slices.push(text)
  expect(drain(slices).join('')).toBe(text)
})

test('Slices go on after they were empty', () => {
  const slices = new Slices()
  expect(slices.next()).toBeUndefined()
  slices.push('a')
  expect(drain(slices)).toEqual(['a'])
  slices.push('b')
  expect(drain(slices)).toEqual(['b'])
})
