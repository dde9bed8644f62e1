/** What JavaScript passes and no compiler has seen: each is refused where it is given, and says what is allowed. */
import { afterAll, describe, expect, test } from 'vitest'
import {
  ClientSession,
  CookieJar,
  digestAuth,
  log,
  makeResponse,
  netrcAuth,
  rateLimit,
  retry,
} from 'spool/client'
import { rejectionOf } from '../support/rejection.ts'

type Row = readonly [wrong: unknown, message: string]

const number = 'expected'
const wrong: Readonly<Record<string, readonly Row[]>> = {
  timeout: [
    ['5', 'Cannot use "5" as "timeout": expected milliseconds, or an object'],
    [null, 'as "timeout": expected milliseconds'],
    [true, 'as "timeout": expected milliseconds'],
    [-1, 'Cannot use -1 as timeout "total": expected a number above 0'],
    [0, 'a number above 0, or Infinity'],
    [Number.NaN, 'a number above 0, or Infinity'],
    [{ Total: 5 }, 'Cannot use "Total" as an option of "timeout", expected "total"'],
    [{ total: '5' }, 'Cannot use "5" as timeout "total"'],
    [[5], 'the options of "timeout": expected an object'],
  ],
  auth: [
    ['ada:secret', 'as "auth": expected an object'],
    [null, 'as "auth": expected an object'],
    [{}, 'expected { username, password } or { token }'],
    [{ username: 'ada' }, 'without a name and a password'],
    [{ username: 'ada', password: 5 }, 'without a name and a password'],
    [{ username: 'a:b', password: 'x' }, 'a user name with a colon'],
    [{ user: 'ada', password: 'x' }, 'Cannot use "user" as an option of "auth"'],
    [{ token: 5 }, 'as a bearer token'],
    [{ token: '' }, 'as a bearer token'],
    [{ username: 'ada', password: 'x', token: 'y' }, 'both a token and a password'],
  ],
  proxy: [
    [5, 'Cannot use 5 as "proxy": expected a URL'],
    [true, 'Cannot use true as "proxy"'],
    [null, 'Cannot use null as "proxy"'],
    ['ftp://proxy.test', 'expected http, https, socks5 or socks5h, not "ftp"'],
    ['', 'expected a URL'],
    [{ url: 5 }, 'Cannot use 5 as the URL of a proxy'],
    [{}, 'Cannot use undefined as the URL of a proxy'],
    [{ URL: 'http://a' }, 'as an option of a proxy, expected "url"'],
  ],
  tls: [
    ['ca.pem', 'Cannot use "ca.pem" as "tls": expected an object'],
    [true, 'as "tls": expected an object'],
    [{ fingerPrint: 'ab' }, 'Cannot use "fingerPrint" as an option of TLS, expected "fingerprint"'],
    [{ rejectUnauthorized: 'no' }, 'as "rejectUnauthorized": expected true or false'],
  ],
  redirect: [
    ['Follow', 'expected "follow", "manual" or "error"'],
    [false, 'expected "follow", "manual" or "error"'],
  ],
  maxRedirects: [
    ['5', number],
    [-1, number],
    [null, number],
    [1.5, 'expected a whole number'],
  ],
  maxResponseSize: [
    ['5', number],
    [Number.NaN, number],
  ],
  raiseForStatus: [['yes', 'Cannot use "yes" as "raiseForStatus": expected true or false']],
  decompress: [[0, 'expected true or false']],
  allowInsecureRedirect: [[1, 'expected true or false']],
  secretHeaders: [
    ['X-Key', 'as "secretHeaders": expected a list of names'],
    [[5], 'nvalid header name'],
    [['a b'], 'nvalid header name'],
  ],
  headers: [
    [5, 'Cannot use 5 as headers'],
    ['a: b', 'Cannot use "a: b" as headers'],
    [null, 'Cannot use null as headers'],
    [{ a: null }, 'Invalid value null of header "a"'],
    [{ a: true }, 'Invalid value true of header "a"'],
    [[['a']], 'as a header: expected a name and a value'],
    [[5], 'as a header: expected a name and a value'],
    [{ 'a b': 'x' }, 'Invalid header name "a b"'],
    [{ a: 'x\r\ny: z' }, "can't be sent"],
  ],
  expectContinue: [
    ['yes', 'expected true, false or milliseconds above 0'],
    [0, 'expected true, false or milliseconds above 0'],
  ],
  unheardOf: [[1, 'Cannot use "unheardOf" as an option of a']],
}

const ofSessions: Readonly<Record<string, readonly Row[]>> = {
  limit: [
    ['5', 'Cannot use "5" as "limit": expected 0 or more'],
    [-1, 'Cannot use -1 as "limit": expected 0 or more'],
    [Number.NaN, number],
    [null, number],
    [1.5, 'expected a whole number'],
  ],
  limitPerHost: [
    ['5', number],
    [1.5, 'expected a whole number'],
  ],
  maxWaiting: [
    ['5', number],
    [-1, number],
  ],
  keepAlive: [['5', number]],
  maxConnectionAge: [[0, 'expected 1 or more']],
  maxConnectionRequests: [
    [0, 'expected 1 or more'],
    [1.5, 'expected a whole number'],
  ],
  maxHeadSize: [
    [0, 'expected 1 or more'],
    [Infinity, 'expected a whole number'],
  ],
  maxHeaderFields: [['5', 'expected 1 or more']],
  cookies: [
    ['a=b', 'Cannot use "a=b" as "cookies": expected a CookieJar'],
    [null, 'expected a CookieJar'],
  ],
  baseUrl: [
    ['/api/', 'expected http:// or https://'],
    ['http://a.test/api', 'its path must end with a slash'],
    [5, 'expected http:// or https://'],
  ],
  middleware: [
    [retry(), 'Cannot use a function as "middleware": expected a list of functions'],
    [[5], 'Cannot use 5 as a middleware'],
    [[undefined], 'Cannot use undefined as a middleware'],
    [null, 'Cannot use null as "middleware"'],
  ],
  transport: [
    [5, 'as "transport": expected an object'],
    [{}, 'without "open()"'],
  ],
  socketPath: [
    [5, 'expected a string that is not empty'],
    ['', 'expected a string that is not empty'],
  ],
  localAddress: [['', 'expected a string that is not empty']],
  mounts: [
    ['http://a', 'as "mounts": expected an object'],
    [{ 'a.test': {} }, 'as a mount: expected http://'],
    [{ 'http://a.test': null }, 'the options of mount "http://a.test": expected an object'],
    [{ 'http://a.test': { socket: '/x' } }, 'Cannot use "socket" as an option of mount'],
    [{ 'http://a.test': { proxy: 5 } }, 'Cannot use 5 as "proxy": expected a URL'],
    [{ 'http://a.test': { connect: 5 } }, 'as "connect": expected a function'],
    [{ 'https://a.test': { tls: { CA: '' } } }, 'as an option of TLS, expected "ca"'],
  ],
  tcpKeepAlive: [
    ['5', number],
    [-1, number],
  ],
  resolver: [
    [5, 'as "resolver": expected an object'],
    [{}, 'without "resolve()"'],
  ],
  dns: [
    [5, 'as "dns": expected an object'],
    [{ TTL: 5 }, 'as an option of a resolver, expected "ttl"'],
  ],
  family: [[5, 'expected 4 or 6']],
  guard: [
    ['private', 'expected "public", or { allow, deny }'],
    [{ alow: [] }, 'Cannot use "alow"'],
  ],
  query: [[{ a: 1 }, 'Cannot use "query" as an option of a session']],
}

const ofRequests: Readonly<Record<string, readonly Row[]>> = {
  body: [
    [5, 'Invalid body of type number'],
    [null, 'Invalid body of type null'],
    [{ a: 1 }, 'Invalid body of type Object'],
    [() => 'x', 'Invalid body of type function'],
    [Promise.resolve('x'), 'Invalid body of type Promise'],
    [new URLSearchParams('a=b'), 'give them as "form"'],
  ],
  json: [
    [() => 1, 'Cannot send a function as JSON'],
    [{ a: 1n }, 'BigInt'],
  ],
  form: [
    [5, 'Cannot send 5 as a query or a form'],
    [null, 'Cannot send null as a query or a form'],
    [{ a: {} }, 'Cannot send Object as "a"'],
  ],
  query: [
    [5, 'Cannot send 5 as a query or a form'],
    [null, 'Cannot send null as a query or a form'],
    [{ a: Number.NaN }, 'Cannot send NaN as "a"'],
  ],
  cookies: [
    ['a=b', 'Cannot send "a=b" as "cookies"'],
    [{ 'a b': 'x' }, 'expected a token as its name'],
    [{ a: {} }, 'Cannot send Object as cookie "a"'],
  ],
  compress: [['deflate', 'expected "gzip", "br" or "zstd"']],
  signal: [
    [5, 'Cannot use 5 as "signal": expected an AbortSignal'],
    [null, 'Cannot use null as "signal"'],
    [new AbortController(), 'Cannot use AbortController as "signal"'],
  ],
  onUploadProgress: [[5, 'expected a function']],
  onDownloadProgress: [[5, 'expected a function']],
  middleware: [[[], 'Cannot use "middleware" as an option of a request']],
}

function rowsOf(table: Readonly<Record<string, readonly Row[]>>): [string, string, unknown][] {
  return Object.entries(table).flatMap(([name, rows]) =>
    rows.map(([value, message]): [string, string, unknown] => [name, message, value]),
  )
}

/** What `work` throws, or is rejected with. */
async function failureOf(work: () => unknown): Promise<Error> {
  const error = await rejectionOf((async () => work())())
  expect(error).toSatisfy((one) => one instanceof TypeError || one instanceof RangeError)
  return error as Error
}

describe('new ClientSession()', () => {
  test.each(rowsOf({ ...wrong, ...ofSessions }))(
    'refuses "%s": %s',
    async (name, message, value) => {
      const error = await failureOf(() => new ClientSession({ [name]: value }))
      expect(error.message).toContain(message)
    },
  )

  test.each([5, null, 'http://a.test/'])('refuses the options %j', async (options) => {
    const error = await failureOf(() => new ClientSession(options as never))
    expect(error.message).toContain('as the options of a session: expected an object')
  })
})

// Nothing is to be opened.
const opened: unknown[] = []
const session = new ClientSession({
  transport: {
    open: (target) => {
      opened.push(target)
      return Promise.reject(new Error('Opened'))
    },
  },
})
afterAll(async () => {
  expect(opened).toEqual([])
  expect(session.statistics()).toMatchObject({ open: 0, requests: 0, waiting: 0 })
  await session.close()
})

const url = 'https://a.test/'

describe('session.post()', () => {
  test.each(rowsOf({ ...wrong, ...ofRequests }))(
    'refuses "%s": %s',
    async (name, message, value) => {
      const error = await failureOf(() => session.post(url, { [name]: value }))
      expect(error.message).toContain(message)
    },
  )

  test.each([5, null, 'x'])('refuses the options %j', async (options) => {
    const error = await failureOf(() => session.post(url, options as never))
    expect(error.message).toContain('as the options of a request: expected an object')
  })

  test.each([
    [undefined, 'Cannot request undefined: expected a string or a URL'],
    [5, 'Cannot request 5'],
    [null, 'Cannot request null'],
    [new Request('https://a.test/'), 'Cannot request Request'],
    ['', 'expected http:// or https://'],
    ['/path', 'expected http:// or https://'],
    ['ftp://a.test/', 'expected http:// or https://'],
    ['http://', 'the host is not valid'],
    ['http://a.test:99999/', 'the host is not valid'],
  ])('refuses the URL %j', async (given, message) => {
    const error = await failureOf(() => session.post(given as never))
    expect(error.message).toContain(message)
  })

  test.each([
    [{ body: 'a', json: 1 }, 'more than one of "body", "json" and "form"'],
    [{ auth: { token: 'a' }, headers: { Authorization: 'b' } }, 'both "auth" and a header'],
    [
      { body: 'a', compress: 'gzip', headers: { 'Content-Encoding': 'br' } },
      'both "compress" and a header',
    ],
    [
      { body: 'a', expectContinue: true, headers: { Expect: '100-continue' } },
      'both "expectContinue" and a header',
    ],
  ])('refuses to be told two things: %j', async (options, message) => {
    const error = await failureOf(() => session.post(url, options as never))
    expect(error.message).toContain(message)
  })
})

describe('session.request()', () => {
  test.each([
    [undefined, 'Cannot send method undefined: expected a string'],
    [5, 'Cannot send method 5'],
    ['', 'expected a token'],
    ['GET\r\n', 'expected a token'],
    ['CONNECT', 'CONNECT'],
  ])('refuses the method %j', async (method, message) => {
    const error = await failureOf(() => session.request(method as never, url))
    expect(error.message).toContain(message)
  })

  test.each(['GET', 'get', 'HEAD'])('refuses a body with %s', async (method) => {
    for (const options of [{ body: 'x' }, { json: {} }, { form: { a: 1 } }]) {
      const error = await failureOf(() => session.request(method, url, options))
      expect(error.message).toBe(
        `Cannot send a body with ${method.toUpperCase()}: expected a method that has one, as POST`,
      )
    }
  })
})

describe('what else a session does', () => {
  test.each([
    ['events()', () => session.events(url, { Method: 'GET' } as never).next(), '"Method"'],
    ['events()', () => session.events(url, 5 as never).next(), 'the options of events()'],
    ['events()', () => session.events(url, { retryDelay: '5' as never }).next(), '"retryDelay"'],
    ['events()', () => session.events(url, { maxAttempts: 0 }).next(), 'expected 1 or more'],
    ['events()', () => session.events(url, { lastEventId: 5 as never }).next(), 'a string'],
    ['events()', () => session.events(url, { random: 5 as never }).next(), 'a function'],
    ['websocket()', () => session.websocket(url, { heartBeat: 5 } as never), '"heartbeat"'],
    ['websocket()', () => session.websocket(url, 5 as never), 'the options of a WebSocket'],
    ['websocket()', () => session.websocket(url, { subprotocols: 'a' as never }), 'a list'],
    [
      'websockets()',
      () => session.websockets(url, { reconnect: { Attempts: 5 } as never }).next(),
      'expected "attempts"',
    ],
    [
      'websockets()',
      () => session.websockets(url, { reconnect: { attempts: '5' as never } }).next(),
      '"attempts"',
    ],
    ['download()', () => session.download(url, 5 as never), 'Cannot download to 5'],
    ['download()', () => session.download(url, ''), 'expected a path'],
    ['download()', () => session.download(url, 'x', { resume: 'no' as never }), '"resume"'],
    ['download()', () => session.download(url, 'x', { body: 'x' } as never), '"body"'],
    ['setLimits()', () => session.setLimits({ limit: -1 }), 'expected 0 or more'],
    ['setLimits()', () => session.setLimits({ limits: 1 } as never), '"limits"'],
    ['setLimits()', () => session.setLimits(5 as never), 'the options of setLimits()'],
  ])('%s refuses what makes no sense: %s', async (_, work, message) => {
    expect((await failureOf(work)).message).toContain(message)
  })
})

const request = { method: 'GET', url } as never

describe('what stands around requests', () => {
  test.each([
    ['retry()', () => retry(5 as never), 'the options of retry()'],
    ['retry()', () => retry({ Attempts: 3 } as never), 'expected "attempts"'],
    ['retry()', () => retry({ attempts: 0 }), 'at least 1'],
    ['retry()', () => retry({ attempts: '3' as never }), 'at least 1'],
    ['retry()', () => retry({ delay: -1 }), 'expected 0 or more'],
    ['retry()', () => retry({ maxRetryAfter: '1' as never }), '"maxRetryAfter"'],
    ['retry()', () => retry({ statuses: 500 as never }), 'a list'],
    ['retry()', () => retry({ statuses: [99] }), 'expected 200 to 599'],
    ['retry()', () => retry({ methods: 'GET' as never }), 'a list'],
    ['retry()', () => retry({ methods: [5] as never }), 'as a method'],
    ['retry()', () => retry({ budget: -1 }), '"budget"'],
    ['retry()', () => retry({ onRetry: 5 as never }), 'a function'],
    ['retry()', () => retry({ random: 5 as never }), 'a function'],
    ['digestAuth()', () => digestAuth(undefined as never), 'the options of digestAuth()'],
    ['digestAuth()', () => digestAuth({} as never), 'without a name and a password'],
    ['digestAuth()', () => digestAuth({ username: 'a' } as never), 'without a name and a password'],
    [
      'digestAuth()',
      () => digestAuth({ username: 'a', password: 'b', orign: url } as never),
      '"orign"',
    ],
    ['digestAuth()', () => digestAuth({ username: 'a', password: 'b', origin: 'x' }), 'https://'],
    ['rateLimit()', () => rateLimit(undefined as never), 'the options of rateLimit()'],
    ['rateLimit()', () => rateLimit({} as never), 'the limit of a rate'],
    ['rateLimit()', () => rateLimit({ limit: 0 }), 'a number above 0'],
    ['rateLimit()', () => rateLimit({ limit: 5, perhost: true } as never), 'expected "perHost"'],
    ['rateLimit()', () => rateLimit({ limit: 5, maxWait: -1 }), '"maxWait"'],
    ['log()', () => log(undefined as never), 'expected a function'],
    ['log()', () => log(console as never), 'expected a function'],
    ['netrcAuth()', () => netrcAuth(5 as never), 'expected a string'],
    ['CookieJar', () => new CookieJar({ ipHost: false } as never), '"ipHost"'],
    ['CookieJar', () => new CookieJar('a=b' as never), 'the options of a CookieJar'],
    ['makeResponse()', () => makeResponse(request, { Status: 5 } as never), 'expected "status"'],
    ['makeResponse()', () => makeResponse(request, { status: 5 }), 'expected 200 to 599'],
    ['makeResponse()', () => makeResponse(request, { body: 5 as never }), 'a string or bytes'],
  ])('%s refuses what makes no sense: %s', async (_, work, message) => {
    expect((await failureOf(work)).message).toContain(message)
  })
})
