// A server with workers. Prints its URL when they listen, and a line when it has come to its end.
import process from 'node:process'
import { AsyncEvent, run, sleep } from '../../../src/index.ts'
import { Application, json, serve, sse, stream, text } from '../../../src/server/index.ts'

const app = new Application()
  .get('/', () => text('Hello, world!'))
  .get('/pid', () => json({ pid: process.pid, time: process.cpuUsage() }))
  .get('/slow/{time}', async ({ params }) => {
    console.log('began')
    await sleep(Number(params.time))
    return text(`slept ${params.time}`)
  })
  .get('/stream', () =>
    stream(
      (async function* () {
        for (let count = 0; count < 10; count++) {
          yield `${count}\n`
          await sleep(50)
        }
      })(),
    ),
  )
  .get('/events', () =>
    sse(async function* () {
      yield String(process.pid)
      await new AsyncEvent().wait()
    }),
  )
  .get('/crash', () => process.exit(3))
  .lifespan(async function* () {
    yield
    console.log(`cleaned up ${process.pid}`)
  })

const [workers = '2', shutdown = '10000', port = '0'] = process.argv.slice(2)
await run(async () => {
  await using server = await serve(app, {
    host: '127.0.0.1',
    port: Number(port),
    ...(workers === '0' ? {} : { workers: workers === 'auto' ? 'auto' : Number(workers) }),
    timeouts: { shutdown: Number(shutdown), cancellation: 500 },
  })
  if (server.workers.length > 0 || workers === '0') {
    console.log(`listening on ${server.url} by ${server.workers.join(' ')}`)
    process.on('SIGHUP', () => {
      void server.reload().then(() => console.log(`reloaded ${server.workers.join(' ')}`))
    })
    process.on('SIGUSR2', () => console.log(`statistics ${JSON.stringify(server.statistics())}`))
  }
  await server.closed
})
if (workers !== '0') console.log(`over ${process.pid}`)
