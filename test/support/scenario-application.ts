/** An application with a route for each thing that a server does, and what its handlers have seen. */
import { join } from 'node:path'
import { AsyncEvent, sleep } from 'spool'
import {
  Application,
  bytes,
  compression,
  empty,
  file,
  HTTPError,
  json,
  key,
  lastEventId,
  redirect,
  session,
  sessions,
  sse,
  type StandardSchema,
  stream,
  text,
} from 'spool/server'

const user = key<string>('user')

const named: StandardSchema<{ name: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const { name } = value as { name?: unknown }
      return typeof name === 'string'
        ? { value: { name } }
        : { issues: [{ message: 'Expected a string', path: ['name'] }] }
    },
  },
}

/** What handlers have seen of their clients' leaving, and what lets them go on. */
export class Stage {
  readonly stopped: unknown[] = []
  readonly signals: AbortSignal[] = []
  readonly go: AsyncEvent = new AsyncEvent()
  begun = 0
  ended = 0
}

/** `folder` has a file `digits.txt`. */
export function scenarioApplication(stage: Stage, folder: string): Application {
  const notes = new Application()
    .use((request, next) => {
      request.set(user, 'of notes')
      return next(request)
    })
    .get('/{id}', (request) => text(`note ${request.params.id} ${request.get(user)}`))
  const hold = async (): Promise<void> => {
    stage.begun++
    try {
      await stage.go.wait()
    } catch (error) {
      stage.stopped.push(error)
      throw error
    } finally {
      stage.ended++
    }
  }
  return new Application({ trailingSlash: 'redirect' })
    .use(async (request, next) => {
      const response = await next(request)
      response.headers.set('x-outer', request.method)
      return response
    })
    .mount('/notes', notes, { name: 'notes' })
    .get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!`))
    .get('/v{n:[0-9]+}/x', ({ params }) => text(`version ${params.n}`))
    .get('/files/{path*}', ({ params }) => text(params.path))
    .post('/greet/{name}', ({ params }) => text(`made ${params.name}`, { status: 201 }))
    .get('/query', ({ query, secure }) =>
      json({ page: query.integer('page', { min: 1 }), tags: query.getAll('tag'), secure }),
    )
    .get('/where', ({ url, remoteAddress }) =>
      json({ href: url.href, address: remoteAddress !== undefined }),
    )
    .post('/text', async (request) => text(await request.text()))
    .post('/small', async (request) => text(await request.text()), { bodyLimit: 4 })
    .post('/json', async (request) => json(await request.json(named)))
    .post('/echo', (request) => stream(request.body))
    .post('/form', async (request) => {
      const form = await request.form()
      const upload = form.file('file')
      return json({
        name: form.text('name'),
        file: upload && [upload.filename, await upload.text()],
      })
    })
    .post('/parts', async (request) => {
      const seen: string[] = []
      for await (const part of request.multipart({ fileSize: 100 })) {
        seen.push(`${part.name}=${await part.text()}`)
      }
      return text(seen.join(' '))
    })
    .get('/bytes', () => bytes(Uint8Array.of(0, 255, 10)))
    .get('/large', () => text('ä'.repeat(500_000)))
    .get('/empty', () => empty())
    .get('/away', () => redirect('/greet/ä?b=c'))
    .get('/web', () => new Response('web', { status: 202, headers: { 'x-a': 'b' } }))
    .get('/typed', (request) => text(request.accepts('text/html', 'application/json') ?? 'none'))
    .get(
      '/state',
      (request) =>
        request.precondition({ etag: '"1"' }) ?? text('fresh', { headers: { etag: '"1"' } }),
    )
    .get('/file', (request) => file(request, join(folder, 'digits.txt')))
    .get('/compressed', () => text('again and '.repeat(500)), { middleware: [compression()] })
    .get('/cookies', ({ cookies }) =>
      text([...cookies].join(' '))
        .setCookie('a', 'ä;', { path: '/x' })
        .deleteCookie('b'),
    )
    .get(
      '/visits',
      (request) => {
        const visitor = request.get(session)
        const visits = Number(visitor?.get('visits') ?? 0) + 1
        visitor?.set('visits', visits)
        return text(`visit ${visits}`)
      },
      { middleware: [sessions({ secret: 'of 32 characters, to be a secret' })] },
    )
    .get('/conflict', () => {
      throw new HTTPError(409, 'taken', { headers: { 'x-why': 'name' }, problem: { name: 'Ada' } })
    })
    .get('/bug', () => {
      throw new Error('secret')
    })
    .get('/nothing', () => undefined as never)
    .get('/hold', async ({ signal }) => {
      stage.signals.push(signal)
      await hold()
      return text('held')
    })
    .get(
      '/stubborn',
      async () => {
        await hold()
        return text('held')
      },
      { cancelOnDisconnect: false },
    )
    .post('/read', async (request) => {
      stage.begun++
      try {
        return text(await request.text())
      } catch (error) {
        stage.stopped.push(error)
        throw error
      } finally {
        stage.ended++
      }
    })
    .get(
      '/late',
      async () => {
        stage.begun++
        try {
          await sleep(60_000)
        } finally {
          stage.ended++
        }
        return text('late')
      },
      { timeout: 1_000 },
    )
    .get('/stream', () =>
      stream(
        (async function* () {
          yield 'first '
          await hold()
          yield 'last'
        })(),
      ),
    )
    .get('/broken', () =>
      stream(
        (async function* () {
          yield 'first'
          await stage.go.wait()
          throw new Error('torn')
        })(),
      ),
    )
    .get('/events', (request) =>
      sse(async function* () {
        yield { id: '1', event: 'greeting', data: `after ${lastEventId(request) ?? 'nothing'}` }
        await hold()
        yield { data: [2] }
      }),
    )
}
