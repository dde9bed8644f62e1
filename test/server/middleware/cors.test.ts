import { Application, cors, type CORSOptions, HTTPError, text } from 'spool/server'
import { describe, expect, test } from 'vitest'

function application(options: CORSOptions): Application {
  return new Application()
    .use(cors(options))
    .get('/', () => text('x'))
    .get('/error', () => {
      throw new HTTPError(418)
    })
    .options('/', () => text('own'))
}

type Answer = Record<string, string | number>

async function ask(
  options: CORSOptions,
  headers: Record<string, string>,
  method = 'GET',
  path = '/',
): Promise<Answer> {
  const request = new Request(`http://api${path}`, { method, headers })
  const response = await application(options).fetch(request)
  const answer: Answer = { status: response.status }
  for (const [name, value] of response.headers) {
    if (name.startsWith('access-control-')) answer[name.slice(15)] = value
    else if (name === 'vary') answer['vary'] = value
  }
  return answer
}

const preflight = (origin: string, more: Record<string, string> = {}): Record<string, string> => ({
  origin,
  'access-control-request-method': 'PUT',
  ...more,
})

describe('cors()', () => {
  test('lets everybody in without credentials', async () => {
    expect(await ask({ origin: '*' }, { origin: 'http://b' })).toEqual({
      status: 200,
      'allow-origin': '*',
    })
    expect(await ask({ origin: '*' }, {})).toEqual({ status: 200, 'allow-origin': '*' })
  })

  test('lets origins in by name, and says that the response depends on it', async () => {
    const options = { origin: ['http://b', 'http://c:81'], exposeHeaders: ['X-A', 'X-B'] }
    expect(await ask(options, { origin: 'http://c:81' })).toEqual({
      status: 200,
      'allow-origin': 'http://c:81',
      'expose-headers': 'X-A, X-B',
      vary: 'Origin',
    })
    for (const origin of ['http://c', 'https://b', 'http://b.evil', 'null', 'http://B']) {
      expect(await ask(options, { origin })).toEqual({ status: 200, vary: 'Origin' })
    }
    expect(await ask(options, {})).toEqual({ status: 200, vary: 'Origin' })
  })

  test('takes expressions for the whole origin only, time after time', async () => {
    const options = { origin: /https:\/\/\w+\.example\.com/g }
    for (let round = 0; round < 2; round++) {
      expect(await ask(options, { origin: 'https://a.example.com' })).toMatchObject({
        'allow-origin': 'https://a.example.com',
      })
    }
    expect(await ask(options, { origin: 'https://a.example.com.evil.org' })).toEqual({
      status: 200,
      vary: 'Origin',
    })
  })

  test('asks a function', async () => {
    const options: CORSOptions = {
      origin: (origin, { path }) => origin === 'http://b' && path === '/error',
      credentials: true,
    }
    expect(await ask(options, { origin: 'http://b' }, 'GET', '/error')).toEqual({
      status: 418,
      'allow-origin': 'http://b',
      'allow-credentials': 'true',
      vary: 'Origin',
    })
    expect(await ask(options, { origin: 'http://b' })).toEqual({ status: 200, vary: 'Origin' })
  })

  test('answers preflights before any handler', async () => {
    const options: CORSOptions = { origin: 'http://b', credentials: true, maxAge: 600_500 }
    const headers = preflight('http://b', { 'access-control-request-headers': 'x-a, x-b' })
    expect(await ask(options, headers, 'OPTIONS')).toEqual({
      status: 204,
      'allow-origin': 'http://b',
      'allow-credentials': 'true',
      'allow-methods': 'GET, HEAD, PUT, PATCH, POST, DELETE',
      'allow-headers': 'x-a, x-b',
      'max-age': '600',
      vary: 'Access-Control-Request-Method, Access-Control-Request-Headers, Origin',
    })
    expect(await ask(options, preflight('http://c'), 'OPTIONS')).toEqual({
      status: 204,
      vary: 'Access-Control-Request-Method, Access-Control-Request-Headers, Origin',
    })
    expect(
      await ask(
        { origin: '*', methods: ['PUT'], headers: ['X-C'] },
        preflight('http://b'),
        'OPTIONS',
      ),
    ).toEqual({
      status: 204,
      'allow-origin': '*',
      'allow-methods': 'PUT',
      'allow-headers': 'X-C',
      vary: 'Access-Control-Request-Method',
    })
  })

  test('leaves other OPTIONS to handlers', async () => {
    expect(await ask({ origin: '*' }, { origin: 'http://b' }, 'OPTIONS')).toEqual({
      status: 200,
      'allow-origin': '*',
    })
  })

  test('opens a private network only if it is told to', async () => {
    const headers = preflight('http://b', { 'access-control-request-private-network': 'true' })
    expect(await ask({ origin: '*' }, headers, 'OPTIONS')).not.toHaveProperty(
      'allow-private-network',
    )
    expect(await ask({ origin: '*', privateNetwork: true }, headers, 'OPTIONS')).toMatchObject({
      'allow-private-network': 'true',
    })
  })

  test.each<[CORSOptions, RegExp]>([
    [{ origin: '*', credentials: true }, /Cannot allow credentials with "\*"/],
    [{ origin: 'http://b', credentials: true, headers: ['*'] }, /Cannot allow credentials/],
    [{ origin: 'http://b/' }, /Invalid origin "http:\/\/b\/": .*such as "http:\/\/b"/],
    [{ origin: ['b.example'] }, /Invalid origin "b.example"/],
    [{ origin: '*', maxAge: -1 }, /Invalid maxAge -1 of cors\(\): expected 0 or more/],
  ])('refuses %j', (options, message) => {
    expect(() => cors(options)).toThrow(message)
  })
})
