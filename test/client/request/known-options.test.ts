import { describe, expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { rejectionOf } from '../../support/rejection.ts'
import { answer, MemoryFixture } from '../support/memory-server.ts'

function make(options: object): ClientSession {
  return new ClientSession(options)
}

describe('a session', () => {
  it('refuses options that it does not have, and names the one that was meant', () => {
    expect(() => make({ timeOut: 1 })).toThrow(
      new TypeError('Cannot use "timeOut" as an option of a session, expected "timeout"'),
    )
    expect(() => make({ baseURL: 'http://a/' })).toThrow('expected "baseUrl"')
    expect(() => make({ agent: undefined })).toThrow(
      'Cannot use "agent" as an option of a session, expected "limit", "tls", "proxy" or "mounts"',
    )
    expect(() => make({ query: { a: 1 } })).toThrow('Cannot use "query" as an option of a session')
  })
})

describe('a request', () => {
  it('refuses options that it does not have, and sends nothing', async () => {
    await using fixture = new MemoryFixture(answer('good'))
    const { session } = fixture
    for (const [options, message] of [
      [{ Headers: {} }, 'Cannot use "Headers" as an option of a request, expected "headers"'],
      [
        { data: 'x' },
        'Cannot use "data" as an option of a request, expected "body", "json" or "form"',
      ],
      [{ params: {} }, 'Cannot use "params" as an option of a request, expected "query"'],
      [{ toString: 1 }, 'Cannot use "toString" as an option of a request'],
    ] as const) {
      const error = await rejectionOf(session.get('/', options as object).text())
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toBe(message)
    }
    expect(fixture.server.peers).toHaveLength(0)
    expect(await session.get('/', { headers: undefined, timeout: 1_000 }).text()).toBe('good')
  })
})
