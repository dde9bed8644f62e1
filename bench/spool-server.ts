import { certificate } from './harness/certificate.ts'
import { obey } from './harness/child.ts'
import { fillerCount, huge, items, large, rowNamed } from './rows.ts'
import { load } from './spool-module.ts'

const { Application, json, serve, text } = await load('server')

obey({
  start: async (row: string) => {
    const app = new Application()
      .get('/', () => text('Hello, world!'))
      .get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!`))
      .get('/items/{name}', ({ params }) => json(items(params.name)))
      .post('/items', async (request) => {
        const { name } = await request.json<{ name: string }>()
        return text(`Hello, ${name}!`)
      })
      .get('/large/{name}', () => text(large))
      .get('/huge/{name}', () => text(huge))
      .get('/api/users/{name}/posts/{post}', ({ params }) => text(`Hello, ${params.name}!`))
    const fillers = row === 'routes' ? fillerCount : 0
    for (let at = 0; at < fillers; at++) {
      app.get(`/api/resource${at}/{id}/items/{item}`, () => text(''))
    }
    const tls = rowNamed(row).tls === true ? { tls: certificate } : {}
    const server = await serve(app, { port: 0, host: '127.0.0.1', ...tls })
    return server.port
  },
})
