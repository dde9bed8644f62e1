import { describe, expect, it } from 'vitest'
import { type ClientSessionOptions, type RequestOptions, ClientSession } from 'spool/client'
import { rejectionOf } from '../../support/rejection.ts'
import { MemoryFixture, redirect } from '../support/memory-server.ts'

const ada = { username: 'ada', password: 'grün' }
const basicAda = `Basic ${Buffer.from('ada:grün').toString('base64')}`

async function sentBy(
  options: RequestOptions,
  session: ClientSessionOptions = {},
  url = '/',
  location?: string,
): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = []
  await using fixture = new MemoryFixture(async (peer) => {
    for (;;) {
      seen.push((await peer.request()).headers['authorization'])
      if (location !== undefined && seen.length === 1) peer.send(redirect(302, location))
      else peer.respond()
    }
  }, session)
  await fixture.session.get(url, options).text()
  return seen
}

describe('auth', () => {
  it('sends name and password as UTF-8, or a token', async () => {
    expect(await sentBy({ auth: ada })).toEqual([basicAda])
    expect(await sentBy({ auth: { token: 'abc.-_~+/==' } })).toEqual(['Bearer abc.-_~+/=='])
  })

  it('of a request is in the place of the session’s', async () => {
    expect(await sentBy({}, { auth: ada })).toEqual([basicAda])
    expect(await sentBy({ auth: { token: 'mine' } }, { auth: ada })).toEqual(['Bearer mine'])
  })

  it('stays with its origin on redirects', async () => {
    expect(await sentBy({ auth: ada }, {}, '/', '/next')).toEqual([basicAda, basicAda])
    expect(await sentBy({ auth: ada }, {}, '/', 'http://other/')).toEqual([basicAda, undefined])
    expect(await sentBy({}, { auth: ada }, '/', 'http://other/')).toEqual([basicAda, undefined])
  })

  it('is taken from a URL, decoded, unless there is a header', async () => {
    expect(await sentBy({}, {}, 'http://ada:gr%C3%BCn@test/')).toEqual([basicAda])
    expect(await sentBy({}, {}, 'http://ada@test/')).toEqual([
      `Basic ${Buffer.from('ada:').toString('base64')}`,
    ])
    expect(await sentBy({ auth: { token: 't' } }, {}, 'http://x:y@test/')).toEqual(['Bearer t'])
  })

  it.each([
    [{ username: 'a:b', password: '' }, 'colon'],
    [{ username: 'a', password: 'b\r\nc' }, 'control characters'],
    [{ token: 'a b' }, 'bearer token'],
    [{ token: 'a\r\nb' }, 'bearer token'],
  ])('refuses %j', async (auth, message) => {
    await using fixture = new MemoryFixture()
    const error = await rejectionOf(fixture.session.get('/', { auth }).text())
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(message)
    expect(() => new ClientSession({ auth })).toThrow(message)
  })

  it('refuses a header beside it', async () => {
    await using fixture = new MemoryFixture()
    const headers = { Authorization: 'x' }
    const error = await rejectionOf(fixture.session.get('/', { auth: ada, headers }).text())
    expect((error as Error).message).toContain('both "auth" and a header')
  })
})
