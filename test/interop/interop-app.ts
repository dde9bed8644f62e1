import { AsyncEvent } from 'spool'
import { Application, bytes, empty, HTTPError, json, redirect, stream, text } from 'spool/server'

/** What every foreign client is asked to get along with. */
export function interopApplication(): Application {
  return new Application()
    .get('/', () => text('Hello, world!'))
    .get('/large', () => bytes(Buffer.alloc(300_000, 'x')))
    .get('/chunked', () => stream(words()))
    .get('/empty', () => empty())
    .get('/moved', () => redirect('/'))
    .post('/trailers', async (request) => {
      await request.bytes()
      return json(Object.fromEntries(request.trailers))
    })
    .post('/duplex', (request) => stream(request.body))
    .post('/small', async (request) => bytes(await request.bytes()), { bodyLimit: 1_000 })
    .post('/early', () => {
      throw new HTTPError(403)
    })
    .get('/wait', async () => {
      await new AsyncEvent().wait()
      return text('never')
    })
    .get('/endless', () => stream(endless()))
    .post('/echo', async (request) => bytes(await request.bytes()))
}

async function* words(): AsyncGenerator<string> {
  for (const word of ['one ', 'two ', 'three']) yield word
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(65_536)
}
