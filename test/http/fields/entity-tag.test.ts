import { expect, test } from 'vitest'
import {
  formatEntityTag,
  matchesStrongly,
  matchesWeakly,
  parseEntityTag,
  parseEntityTags,
} from '../../../src/http/fields/entity-tag.ts'

test('parseEntityTag() reads one tag, and nothing else', () => {
  expect(parseEntityTag('"a,b"')).toEqual({ tag: 'a,b', weak: false })
  expect(parseEntityTag('W/"a"')).toEqual({ tag: 'a', weak: true })
  expect(parseEntityTag('""')).toEqual({ tag: '', weak: false })
  for (const text of ['a', '"a', 'w/"a"', '"a" ', '"a b"', '"a"b"', '']) {
    expect(parseEntityTag(text)).toBeUndefined()
  }
})

test('parseEntityTags() reads a list up to its first fault', () => {
  expect(parseEntityTags(' * ')).toBe('*')
  expect(parseEntityTags('"a", W/"b,c" ,,"d"')).toEqual([
    { tag: 'a', weak: false },
    { tag: 'b,c', weak: true },
    { tag: 'd', weak: false },
  ])
  expect(parseEntityTags('"a", b, "c"')).toEqual([{ tag: 'a', weak: false }])
  expect(parseEntityTags('')).toEqual([])
})

test('formatEntityTag() quotes what has no quotes, and refuses what can not be sent', () => {
  expect(formatEntityTag('a')).toBe('"a"')
  expect(formatEntityTag('W/"a"')).toBe('W/"a"')
  expect(formatEntityTag({ tag: 'a', weak: true })).toBe('W/"a"')
  expect(() => formatEntityTag('a b')).toThrow('Invalid entity tag "a b"')
  expect(() => formatEntityTag('a\r\n')).toThrow(TypeError)
})

test('matchesStrongly() and matchesWeakly() compare as RFC 9110 says in its table', () => {
  const [strong, weak] = [parseEntityTag('"1"')!, parseEntityTag('W/"1"')!]
  expect(matchesStrongly(strong, strong)).toBe(true)
  expect(matchesStrongly(weak, strong)).toBe(false)
  expect(matchesStrongly(weak, weak)).toBe(false)
  expect(matchesWeakly(weak, strong)).toBe(true)
  expect(matchesWeakly(weak, parseEntityTag('"2"')!)).toBe(false)
})
