import { expect, test } from 'vitest'
import { outgoingBody } from '../../src/http/outgoing-body.ts'

test('outgoingBody() knows the length of text in bytes, and whether it is ASCII', () => {
  expect(outgoingBody('abc')).toMatchObject({ kind: 'text', length: 3, ascii: true })
  expect(outgoingBody('aä')).toMatchObject({ kind: 'text', length: 3, ascii: false })
})

test('outgoingBody() takes bytes without a copy', () => {
  const bytes = new Uint8Array(3)
  expect(outgoingBody(bytes)).toMatchObject({ kind: 'bytes', bytes, length: 3, replayable: true })
  expect(outgoingBody(new ArrayBuffer(4))).toMatchObject({ kind: 'bytes', length: 4 })
})

test('outgoingBody() can send a Blob and an array again, a generator only once', () => {
  expect(outgoingBody(new Blob(['abcd']))).toMatchObject({
    kind: 'stream',
    length: 4,
    replayable: true,
  })
  expect(outgoingBody(['a', 'b'])).toMatchObject({ kind: 'stream', replayable: true })
  const chunks = (function* () {
    yield 'a'
  })()
  expect(outgoingBody(chunks)).toMatchObject({
    kind: 'stream',
    length: undefined,
    replayable: false,
  })
})

test.each([3, null, undefined, {}, true])('outgoingBody(%j) throws TypeError', (input) => {
  expect(() => outgoingBody(input as never)).toThrow(TypeError)
})

test('outgoingBody() says where search parameters go, and that a FormData needs a boundary', () => {
  const parameters: unknown = new URLSearchParams({ a: '1' })
  const form: unknown = new FormData()
  expect(() => outgoingBody(parameters as string)).toThrow('give them as "form"')
  expect(() => outgoingBody(form as string)).toThrow('Cannot send a FormData')
})
