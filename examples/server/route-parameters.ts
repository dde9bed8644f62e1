// node examples/server/route-parameters.ts [PORT]     then: curl http://127.0.0.1:8080/users/7
import { run } from 'spool'
import { Application, HTTPError, json, serve, text } from 'spool/server'

const users = new Map([[7, 'Ada']])

const app = new Application()
  // The types of `params` come from the pattern.
  .get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!\n`))
  .get('/users/{id:[0-9]+}', ({ params }) => {
    const name = users.get(Number(params.id))
    if (name === undefined) throw new HTTPError(404, `There is no user ${params.id}`)
    return json({ id: Number(params.id), name })
  })
  .get('/files/{rest*}', ({ params }) => text(`${params.rest}\n`))

await run(async () => {
  await using server = await serve(app, { port: Number(process.argv[2] ?? 8080) })
  console.log(`listening on ${server.url}, Ctrl-C ends it`)
  await server.closed
})
