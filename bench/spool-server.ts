import type { StandardSchema } from 'spool/server'
import { certificate } from './harness/certificate.ts'
import { obey } from './harness/child.ts'
import { fillerCount, huge, items, large, rowNamed } from './rows.ts'
import { load } from './spool-module.ts'

interface Named {
  name: string
}

// What a library of schemas would make of `{ name: string }`.
const named: StandardSchema<Named> = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) => {
      const { name } = value as Partial<Named>
      return typeof name === 'string'
        ? { value: { name } }
        : { issues: [{ message: 'Expected a string', path: ['name'] }] }
    },
  },
}

const { Application, json, serve, text } = await load('server')

obey({
  start: async (row: string) => {
    const app = new Application()
      .get('/', () => text('Hello, world!'))
      .get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!`))
      .get('/items/{name}', ({ params }) => json(items(params.name)))
      .post('/items', async (request) => {
        const { name } = await (row === 'application' ? request.json(named) : request.json<Named>())
        return text(`Hello, ${name}!`)
      })
      .get('/large/{name}', () => text(large))
      .get('/huge/{name}', () => text(huge))
      .get('/api/users/{name}/posts/{post}', ({ params }) => text(`Hello, ${params.name}!`))
    if (row === 'application') {
      app.use((request, next) => next(request))
      for (const name of ['a', 'b', 'c']) app.get(`/more/${name}/{id}`, () => text(''))
    }
    const fillers = row === 'routes' ? fillerCount : 0
    for (let at = 0; at < fillers; at++) {
      app.get(`/api/resource${at}/{id}/items/{item}`, () => text(''))
    }
    const tls = rowNamed(row).tls === true ? { tls: certificate } : {}
    const server = await serve(app, { port: 0, host: '127.0.0.1', ...tls })
    return server.port
  },
})
