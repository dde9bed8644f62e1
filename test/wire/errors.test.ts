import { describe, expect, test } from 'vitest'
import { ProtocolError } from 'spool/wire'

describe('ProtocolError', () => {
  test.each([
    ['local', 'SPOOL_LOCAL_PROTOCOL', 500],
    ['remote', 'SPOOL_REMOTE_PROTOCOL', 400],
  ] as const)(
    'ProtocolError of %s origin has the code %s and hints at %d',
    (origin, code, hint) => {
      const cause = new Error('below')
      const error = new ProtocolError(origin, 'Something is wrong', { cause })
      expect(error).toMatchObject({ origin, code, statusHint: hint, cause, name: 'ProtocolError' })
    },
  )

  test('ProtocolError takes another hint', () => {
    expect(new ProtocolError('remote', 'x', { statusHint: 431 }).statusHint).toBe(431)
    expect(new ProtocolError('remote', 'x').closeCode).toBe(1002)
    expect(new ProtocolError('remote', 'x', { closeCode: 1009 }).closeCode).toBe(1009)
  })

  test('ProtocolError.is() knows it from other errors', () => {
    expect(ProtocolError.is(new ProtocolError('local', 'x'))).toBe(true)
    expect(ProtocolError.is(new ProtocolError('remote', 'x'))).toBe(true)
    expect(ProtocolError.is(new Error('x'))).toBe(false)
  })
})
