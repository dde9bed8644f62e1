import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseChallenges } from '../../../src/client/auth/challenges.ts'
import { DigestSession } from '../../../src/client/auth/digest.ts'

const index = { method: 'GET', target: '/dir/index.html', body: '' }
const mufasa = { username: 'Mufasa', password: 'Circle of Life' }
const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ'

function sessionOf(...fields: string[]): DigestSession {
  const session = DigestSession.from(parseChallenges(fields))
  if (session === undefined) throw new Error('Expected a session')
  return session
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

function said(answer: string | undefined, name: string): string | undefined {
  return new RegExp(`(?:^Digest |, )${name}="?([^",]*)`).exec(answer ?? '')?.[1]
}

describe('DigestSession', () => {
  // RFC 7616 §3.9.1.
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('answers the example of RFC 7616 in %s', (algorithm, response) => {
    const session = sessionOf(
      `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    )
    expect(session.answer(index, mufasa, cnonce)).toBe(
      'Digest username="Mufasa", realm="http-auth@example.org", ' +
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", ' +
        `response="${response}", algorithm=${algorithm}, ` +
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", ' +
        `qop=auth, nc=00000001, cnonce="${cnonce}"`,
    )
  })

  it('chooses the strongest that it knows', () => {
    const session = sessionOf(
      'Digest realm="r", nonce="a", algorithm=MD5',
      'Digest realm="r", nonce="b", algorithm=SHA-256, Digest realm="r", nonce="c", algorithm=X',
      'Basic realm="r", Digest realm="r"',
    )
    expect(session.nonce).toBe('b')
    expect(DigestSession.from(parseChallenges(['Basic realm="r"']))).toBeUndefined()
    expect(DigestSession.from(parseChallenges(['Digest nonce=a, algorithm=X']))).toBeUndefined()
  })

  it('keeps its own nonce for a session, so that either way to make the key fits each answer', () => {
    const session = sessionOf('Digest realm="r", nonce="a", qop=auth, algorithm=MD5-sess')
    const first = said(session.answer(index, mufasa), 'cnonce')
    expect(said(session.answer(index, mufasa), 'cnonce')).toBe(first)
    session.renew('b')
    expect(said(session.answer(index, mufasa), 'cnonce')).not.toBe(first)
  })

  it('counts how often a nonce was used, and begins again with the next', () => {
    const session = sessionOf('Digest realm="r", nonce="a", qop=auth')
    expect(said(session.answer(index, mufasa), 'nc')).toBe('00000001')
    expect(said(session.answer(index, mufasa), 'nc')).toBe('00000002')
    session.renew('b')
    const answer = session.answer(index, mufasa)
    expect([said(answer, 'nonce'), said(answer, 'nc')]).toEqual(['b', '00000001'])
  })

  it('answers without counting where no qop is said, as RFC 2069 does', () => {
    const session = sessionOf('Digest realm="r", nonce="n"')
    const answer = session.answer(index, { username: 'u', password: 'p' })
    const expected = md5(`${md5('u:r:p')}:n:${md5('GET:/dir/index.html')}`)
    expect(said(answer, 'response')).toBe(expected)
    expect(answer).not.toMatch(/qop|nc=|cnonce|algorithm/)
  })

  it('keeps the key of a -sess algorithm, and the first client nonce, which is in it', () => {
    const session = sessionOf('Digest realm="r", nonce="n", qop=auth, algorithm=MD5-sess')
    const user = { username: 'u', password: 'p' }
    const key = md5(`${md5('u:r:p')}:n:first`)
    const about = md5('GET:/dir/index.html')
    session.answer(index, user, 'first')
    const answer = session.answer(index, user, 'second')
    expect(said(answer, 'response')).toBe(md5(`${key}:n:00000002:first:auth:${about}`))
  })

  it('hashes the body for auth-int, where it is at hand', () => {
    const session = sessionOf('Digest realm="r", nonce="n", qop="auth-int"')
    const user = { username: 'u', password: 'p' }
    const request = { method: 'POST', target: '/', body: 'hello' }
    const about = md5(`POST:/:${md5('hello')}`)
    const answer = session.answer(request, user, 'c')
    expect(said(answer, 'response')).toBe(md5(`${md5('u:r:p')}:n:00000001:c:auth-int:${about}`))
    expect(session.answer({ ...request, body: undefined }, user)).toBeUndefined()
  })

  it('says a name beyond ASCII by RFC 5987, and a hashed one where that is wanted', () => {
    const user = { username: 'Jäsøn (Doe)', password: 'p' }
    const plain = sessionOf('Digest realm="r", nonce="n", qop=auth').answer(index, user)
    expect(plain).toContain("username*=UTF-8''J%C3%A4s%C3%B8n%20%28Doe%29,")
    const hashed = sessionOf('Digest realm="r", nonce="n", qop=auth, userhash=true')
    const answer = hashed.answer(index, user)
    expect(said(answer, 'username')).toBe(md5('Jäsøn (Doe):r'))
    expect(answer).toMatch(/, userhash=true$/)
  })

  it('escapes what would end a quoted string', () => {
    const session = sessionOf('Digest realm="a \\"b\\" \\\\c", nonce="n", qop=auth')
    const answer = session.answer(index, { username: 'x"y', password: 'p' })
    expect(answer).toContain('username="x\\"y", realm="a \\"b\\" \\\\c"')
  })
})
