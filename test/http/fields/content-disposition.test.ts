import { expect, test } from 'vitest'
import { attachmentNamed } from '../../../src/http/fields/content-disposition.ts'

test.each([
  ['report.pdf', 'attachment; filename="report.pdf"'],
  ['', 'attachment'],
  ['a/b\\c.txt', 'attachment; filename="c.txt"'],
  ['a"b.txt', String.raw`attachment; filename="a\"b.txt"`],
  ['a\r\nset-cookie: b', 'attachment; filename="aset-cookie: b"'],
  ['50%.txt', `attachment; filename="50%.txt"; filename*=UTF-8''50%25.txt`],
  ["Ä'.txt", `attachment; filename="_'.txt"; filename*=UTF-8''%C3%84%27.txt`],
  ['\u{1f600}.txt', `attachment; filename="_.txt"; filename*=UTF-8''%F0%9F%98%80.txt`],
  ['\ud800.txt', `attachment; filename="_.txt"; filename*=UTF-8''%EF%BF%BD.txt`],
])('attachmentNamed() of %j is %j', (name, expected) => {
  expect(attachmentNamed(name)).toBe(expected)
})
