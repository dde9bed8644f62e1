import { expect, test } from 'vitest'
import { HeldBytes } from '../../src/http/held-bytes.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

test('HeldBytes gives back what came, piece by piece or as one', () => {
  const held = new HeldBytes()
  expect(held.take()).toBeUndefined()
  expect(held.takeAll()).toHaveLength(0)
  const large = 'x'.repeat(1000)
  held.add(bytes(large), false)
  for (const letter of 'abc') held.add(bytes(letter), true)
  held.add(bytes(large), true)
  expect(held.size).toBe(2003)
  expect(Buffer.from(held.peek(1002)).toString()).toBe(`${large}ab`)
  expect(held.take()).toHaveLength(1000)
  expect(Buffer.from(held.takeAll()).toString()).toBe(`abc${large}`)
  expect(held.size).toBe(0)
})

test('HeldBytes copies what is shared', () => {
  const held = new HeldBytes()
  const buffer = Buffer.from('abc')
  held.add(buffer, true)
  expect(Buffer.from(held.peek(2)).toString()).toBe('ab')
  buffer.fill(0)
  expect(Buffer.from(held.takeAll()).toString()).toBe('abc')
})

test('HeldBytes forgets what is dropped', () => {
  const held = new HeldBytes()
  held.add(bytes('abc'), false)
  held.drop()
  held.add(bytes('d'), false)
  expect(held.size).toBe(1)
  expect(Buffer.from(held.takeAll()).toString()).toBe('d')
})
