// node examples/server/hello.ts [PORT]     then: curl http://127.0.0.1:8080/
import { run } from 'spool'
import { Application, serve, text } from 'spool/server'

const app = new Application().get('/', () => text('Hello, world!\n'))

await run(async () => {
  await using server = await serve(app, { port: Number(process.argv[2] ?? 8080) })
  console.log(`listening on ${server.url}, Ctrl-C ends it`)
  await server.closed
})
