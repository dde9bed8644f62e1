import { Application, bytes, empty, redirect, stream, text } from 'spool/server'

/** What every foreign client is asked to get along with. */
export function interopApplication(): Application {
  return new Application()
    .get('/', () => text('Hello, world!'))
    .get('/large', () => bytes(Buffer.alloc(300_000, 'x')))
    .get('/chunked', () => stream(words()))
    .get('/empty', () => empty())
    .get('/moved', () => redirect('/'))
    .post('/echo', async (request) => bytes(await request.bytes()))
}

async function* words(): AsyncGenerator<string> {
  for (const word of ['one ', 'two ', 'three']) yield word
}
