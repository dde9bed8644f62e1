import {
  Application,
  basicAuth,
  basicUserKey,
  bearerAuth,
  type ServerMiddleware,
  text,
} from 'spool/server'
import { describe, expect, test } from 'vitest'

async function ask(middleware: ServerMiddleware, authorization?: string): Promise<string> {
  const app = new Application()
    .use(middleware)
    .get('/', (request) => text(`in ${request.get(basicUserKey) ?? ''}`))
  const headers = authorization === undefined ? {} : { authorization }
  const response = await app.fetch(new Request('http://a/', { headers }))
  const challenge = response.headers.get('www-authenticate')
  return challenge === null ? response.text() : `${response.status} ${challenge}`
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

describe('basicAuth()', () => {
  const users = basicAuth({ users: { ada: 'engine', gräfin: 'a:b' }, realm: 'The "lab"' })
  const refused = String.raw`401 Basic realm="The \"lab\"", charset="UTF-8"`

  test.each([
    [basic('ada:engine'), 'in ada'],
    [basic('ada:engine').replace('Basic', 'bASIC'), 'in ada'],
    [basic('gräfin:a:b'), 'in gräfin'],
    [undefined, refused],
    [basic('ada:Engine'), refused],
    [basic('ada:'), refused],
    [basic('eve:engine'), refused],
    [basic('eve:'), refused],
    [basic('ada'), refused],
    ['Basic', refused],
    ['Basic !!!', refused],
    ['Bearer abc', refused],
    [basic('__proto__:x'), refused],
    [basic('constructor:x'), refused],
  ])('answers %s with %s', async (authorization, expected) => {
    expect(await ask(users, authorization)).toBe(expected)
  })

  test('asks a function, which may take its time', async () => {
    const check = basicAuth({ users: async (user, password) => user === password })
    expect(await ask(check, basic('a:a'))).toBe('in a')
    expect(await ask(check, basic('a:b'))).toBe('401 Basic realm="Restricted", charset="UTF-8"')
  })

  test('refuses a list of nobody', () => {
    expect(() => basicAuth({ users: {} })).toThrow(
      new TypeError('Invalid users of basicAuth(): expected one or more, or nobody is let in'),
    )
  })

  test('refuses a realm that no field can hold', () => {
    expect(() => basicAuth({ users: { a: 'b' }, realm: 'a\r\nb' })).toThrow(
      'Invalid realm "a\\r\\nb"',
    )
  })
})

describe('bearerAuth()', () => {
  const tokens = bearerAuth({ tokens: ['one', 'two=='] })
  test.each([
    ['Bearer one', 'in '],
    ['bearer two==', 'in '],
    [undefined, '401 Bearer realm="Restricted"'],
    ['Basic one', '401 Bearer realm="Restricted"'],
    ['Bearer three', '401 Bearer realm="Restricted", error="invalid_token"'],
    ['Bearer one two', '400 Bearer realm="Restricted", error="invalid_request"'],
    ['Bearer', '400 Bearer realm="Restricted", error="invalid_request"'],
  ])('answers %s with %s', async (authorization, expected) => {
    expect(await ask(tokens, authorization)).toBe(expected)
  })

  test('refuses a list of no tokens, which lets nobody in', () => {
    expect(() => bearerAuth({ tokens: [] })).toThrow(
      new TypeError('Invalid tokens of bearerAuth(): expected one or more, or nobody is let in'),
    )
  })

  test('asks a function', async () => {
    const check = bearerAuth({ tokens: async (token, { path }) => token === path.slice(1) + 'x' })
    expect(await ask(check, 'Bearer x')).toBe('in ')
    expect(await ask(check, 'Bearer y')).toMatch(/^401 /)
  })
})
