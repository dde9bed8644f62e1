import { describe, expect, it } from 'vitest'
import { type ClientMiddleware, retry } from 'spool/client'
import type { ClientRequest } from '../../../src/client/request/client-request.ts'
import { MadeRequest, madeOf } from '../../../src/client/request/made-request.ts'
import { RequestHeads } from '../../../src/client/request/request-heads.ts'
import { defaultSettings } from '../../../src/client/request/request-options.ts'
import { URLReader } from '../../../src/client/url/request-url.ts'
import { HeaderFields } from '../../../src/http/header-fields.ts'
import { outgoingBody } from '../../../src/http/outgoing-body.ts'
import { MemoryFixture, response } from '../support/memory-server.ts'

function made(headers?: HeaderFields): MadeRequest {
  const heads = new RequestHeads({ 'X-Session': '1' }, true)
  const url = new URLReader().read('http://test/path?query')
  return madeOf({ url, headers, content: undefined }, 'GET', defaultSettings, heads)
}

const twice: ClientMiddleware = async (request, next) => {
  const first = await next(request)
  await first.close()
  return next(request)
}

describe('MadeRequest.partsOf()', () => {
  it('gives what the request was made of, while nobody has changed it', () => {
    const request = made(new HeaderFields(['X-Own', '2']))
    expect(request).toMatchObject({ method: 'GET', url: 'http://test/path?query' })
    expect(request.headers.get('x-session')).toBe('1')
    expect(request.headers.get('x-own')).toBe('2')
    expect(MadeRequest.partsOf(request)?.url.target).toBe('/path?query')
    expect(MadeRequest.partsOf(request)?.headers).toEqual(new HeaderFields(['X-Own', '2']))
  })

  it.each<[string, (request: ClientRequest) => void]>([
    ['its method', (request) => (request.method = 'HEAD')],
    ['its URL', (request) => (request.url = 'http://test/other')],
    ['its body', (request) => (request.body = outgoingBody('x'))],
    ['its settings', (request) => (request.settings = { ...request.settings })],
    ['its headers, by others', (request) => (request.headers = new HeaderFields(['X-New', '1']))],
    ['a header, by set()', (request) => request.headers.set('X-Own', '3')],
    ['a header, by append()', (request) => request.headers.append('X-New', '3')],
    ['a header, by delete()', (request) => request.headers.delete('X-Session')],
  ])('gives nothing once somebody has changed %s', (_, change) => {
    for (const headers of [undefined, new HeaderFields(['X-Own', '2'])]) {
      const request = made(headers)
      change(request)
      expect(MadeRequest.partsOf(request)).toBeUndefined()
    }
  })

  it('gives nothing for a copy', () => {
    const request: ClientRequest = made()
    expect(MadeRequest.partsOf({ ...request })).toBeUndefined()
  })
})

describe('a request that is passed on as it is', () => {
  it('has the headers of the call each time, whatever becomes of what they were given by', async () => {
    const heads: (string | undefined)[] = []
    await using fixture = new MemoryFixture(
      async (peer) => {
        for (;;) {
          heads.push((await peer.request()).headers['x-own'])
          fields.set('X-Own', 'changed')
          peer.send(response('ok'))
        }
      },
      { middleware: [twice] },
    )
    const fields = new HeaderFields(['X-Own', 'first'])
    await fixture.session.get('/', { headers: fields }).text()
    // What can be read once alone is read once.
    const once = (function* (): Generator<[string, string]> {
      yield ['X-Own', 'once']
    })()
    await fixture.session.get('/', { headers: once }).text()
    expect(heads).toEqual(['first', 'first', 'once', 'once'])
  })

  it('is the same on the wire as without a middleware', async () => {
    const sent: string[][] = [[], []]
    for (const [at, middleware] of [[], [retry()]].entries()) {
      await using fixture = new MemoryFixture(
        async (peer) => {
          for (;;) {
            sent[at]?.push((await peer.request()).raw)
            peer.send(response('ok'))
          }
        },
        { middleware, headers: { 'X-Session': '1' } },
      )
      const { session } = fixture
      await session.get('/plain').text()
      await session.get('/accept', { headers: { Accept: 'text/plain' } }).text()
      await session.get('/own', { headers: { 'X-Own': '1' }, decompress: false }).text()
      await session.post('/json', { json: { name: 'Ada' } }).text()
      await session.post('/empty').text()
      await session.get('http://user:word@test/auth').text()
    }
    expect(sent[0]).toHaveLength(6)
    expect(sent[1]).toEqual(sent[0])
  })
})
