import { describe, expect, it } from 'vitest'
import { cookieHeader, cookiesSet, joinCookies } from '../../../src/client/cookies/cookie-header.ts'

describe('cookieHeader()', () => {
  it.each([
    [{ a: '1', b: 2 }, 'a=1; b=2'],
    [{ a: 'with space' }, 'a=with space'],
    [{ a: 'x;y,z' }, 'a="x\\073y\\054z"'],
    [{ a: 'say "hi"\\' }, 'a="say \\"hi\\"\\\\"'],
    [{ a: 'ü\n' }, 'a="\\303\\274\\012"'],
    [{ a: '"quoted"' }, 'a="quoted"'],
    [{ a: '"' }, 'a="\\""'],
    [{ a: '' }, 'a='],
    [{}, ''],
  ])('writes %j', (cookies, header) => {
    expect(cookieHeader(cookies)).toBe(header)
  })

  it.each(['', 'a b', 'a=b', 'a;b', 'ä', 'a\r\n'])('refuses the name %j', (name) => {
    expect(() => cookieHeader({ [name]: '1' })).toThrow(TypeError)
  })
})

describe('joinCookies()', () => {
  it.each([
    ['', 'a=1', 'a=1'],
    ['a=1', '', 'a=1'],
    ['a=1; b=2', 'b=3; c=4', 'a=1; b=2; c=4'],
    ['a=1', 'a=2', 'a=1'],
  ])('of %j and %j keeps what a request says itself', (own, more, all) => {
    expect(joinCookies(own, more)).toBe(all)
  })
})

describe('cookiesSet()', () => {
  it('takes names and values, the last of each name', () => {
    const fields = ['a=1; Path=/', 'b= x=y ;HttpOnly', '=no', 'none', 'a=2']
    expect([...cookiesSet(fields)]).toEqual([
      ['a', '2'],
      ['b', 'x=y'],
    ])
  })
})
