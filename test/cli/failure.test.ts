import { describe, expect, it } from 'vitest'
import { describeFailure, isTransientFailure } from '../../src/cli/failure.ts'
import { SpoolError, TimeoutError } from '../../src/index.ts'

function systemError(code: string): Error {
  return Object.assign(new Error(`failed: ${code}`), { code })
}

function connectError(code: string): Error {
  const error = new SpoolError('SPOOL_CONNECT', 'Cannot connect to "a:1"')
  return Object.assign(error, { attempts: [{ cause: systemError(code) }] })
}

describe('describeFailure()', () => {
  it("describeFailure() names the system's code where one is below, else Spool's", () => {
    expect(describeFailure(connectError('ECONNREFUSED'))).toEqual({
      code: 'ECONNREFUSED',
      message: 'Cannot connect to "a:1"',
    })
    const cause = new SpoolError('SPOOL_BROKEN', 'Broken', { cause: systemError('ECONNRESET') })
    expect(describeFailure(new SpoolError('SPOOL_TRANSFER', 'Cut off', { cause })).code).toBe(
      'ECONNRESET',
    )
    expect(describeFailure(new TimeoutError('total', 500)).code).toBe('SPOOL_TIMEOUT')
  })

  it('describeFailure() leaves the codes of libraries below where they are', () => {
    for (const code of ['ERR_SSL_WRONG_VERSION_NUMBER', 'CERT_HAS_EXPIRED', 'Z_DATA_ERROR']) {
      expect(describeFailure(connectError(code)).code).toBe('SPOOL_CONNECT')
    }
    const cause = systemError('Z_BUF_ERROR')
    const error = new SpoolError('SPOOL_REMOTE_PROTOCOL', 'Cannot decompress', { cause })
    expect(describeFailure(error).code).toBe('SPOOL_REMOTE_PROTOCOL')
    // Where nothing of ours is above, it is all there is.
    expect(describeFailure(systemError('ERR_INVALID_URL')).code).toBe('ERR_INVALID_URL')
  })

  it('describeFailure() makes one line of anything', () => {
    expect(describeFailure(new TypeError('a\n  b'))).toEqual({ code: 'TypeError', message: 'a b' })
    expect(describeFailure('lost')).toEqual({ code: 'ERROR', message: 'lost' })
    expect(describeFailure(systemError('ENOSPC')).code).toBe('ENOSPC')
    expect(describeFailure(new Error('')).message).toBe('Error')
  })

  it('describeFailure() is not led in circles by an error that causes itself', () => {
    const error = new SpoolError('SPOOL_TRANSFER', 'Cut off')
    error.cause = error
    expect(describeFailure(error).code).toBe('SPOOL_TRANSFER')
  })
})

describe('isTransientFailure()', () => {
  it('isTransientFailure() holds for time-outs and connections that failed', () => {
    expect(isTransientFailure(new TimeoutError('headers', 500))).toBe(true)
    expect(isTransientFailure(new SpoolError('SPOOL_TRANSFER', ''))).toBe(true)
    expect(isTransientFailure(new SpoolError('SPOOL_BROKEN', ''))).toBe(true)
    for (const code of ['ECONNREFUSED', 'ECONNRESET', 'EAI_AGAIN', 'ENETUNREACH', 'ETIMEDOUT']) {
      expect(isTransientFailure(connectError(code))).toBe(true)
    }
  })

  it('isTransientFailure() does not hold for what stays as it is', () => {
    const codes = [
      'ENOTFOUND',
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'ERR_SSL_WRONG_VERSION_NUMBER',
    ]
    for (const code of codes) expect(isTransientFailure(connectError(code))).toBe(false)
    expect(isTransientFailure(new SpoolError('SPOOL_REMOTE_PROTOCOL', ''))).toBe(false)
    expect(isTransientFailure(new SpoolError('SPOOL_REDIRECT', ''))).toBe(false)
    expect(isTransientFailure(systemError('ENOSPC'))).toBe(false)
    expect(isTransientFailure('lost')).toBe(false)
  })
})
