// node examples/server/middleware.ts [PORT]     then: curl -i http://127.0.0.1:8080/
import { now, run, sleep } from 'spool'
import { accessLog, Application, requestId, type ServerMiddleware, serve, text } from 'spool/server'

/** Says how long the handler took. Middleware has the same shape in server and client. */
const timing: ServerMiddleware = async (request, next) => {
  const start = now()
  const response = await next(request)
  response.headers.set('server-timing', `handler;dur=${(now() - start).toFixed(1)}`)
  return response
}

/** Sends away who has no key. */
const keyOnly: ServerMiddleware = (request, next) =>
  request.headers.get('x-key') === 'open' ? next(request) : text('No key\n', { status: 401 })

const secrets = new Application().use(keyOnly).get('/', () => text('The secret is 42\n'))

const app = new Application()
  .use(requestId())
  .use(accessLog())
  .use(timing)
  .get('/', async () => {
    await sleep(5)
    return text('Hello, world!\n')
  })
  .mount('/secrets', secrets)

await run(async () => {
  await using server = await serve(app, { port: Number(process.argv[2] ?? 8080) })
  console.log(`listening on ${server.url}, Ctrl-C ends it`)
  await server.closed
})
