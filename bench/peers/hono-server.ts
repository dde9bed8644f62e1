import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { obey } from '../harness/child.ts'

obey({
  start: () => {
    const app = new Hono()
    // c.text() sends `text/plain; charset=UTF-8`, as many bytes as the others' content type.
    app.get('/', (c) => c.text('Hello, world!'))
    app.get('/greet/:name', (c) => c.text(`Hello, ${c.req.param('name')}!`))
    app.post('/users', (c) => c.json({}))
    app.get('/users/:id', (c) => c.json({}))
    app.get('/users/:id/posts/:post', (c) => c.json({}))
    app.get('/files/*', (c) => c.text(''))
    return new Promise<number>((resolve) => {
      serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port))
    })
  },
})
