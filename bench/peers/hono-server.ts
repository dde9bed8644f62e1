import { serve } from '@hono/node-server'
import { createServer } from 'node:https'
import { Hono } from 'hono'
import { contentType } from '../exchange.ts'
import { certificate } from '../harness/certificate.ts'
import { obey } from '../harness/child.ts'
import { fillerCount, huge, items, large, rowNamed } from '../rows.ts'

obey({
  start: (row: string) => {
    const app = new Hono()
    const text = { 'content-type': contentType }
    app.get('/', (c) => c.text('Hello, world!', 200, text))
    app.get('/greet/:name', (c) => c.text(`Hello, ${c.req.param('name')}!`, 200, text))
    app.get('/items/:name', (c) => c.json(items(c.req.param('name'))))
    app.post('/items', async (c) => {
      const { name } = await c.req.json<{ name: string }>()
      return c.text(`Hello, ${name}!`, 200, text)
    })
    app.get('/large/:name', (c) => c.text(large, 200, text))
    app.get('/huge/:name', (c) => c.text(huge, 200, text))
    app.get('/api/users/:name/posts/:post', (c) =>
      c.text(`Hello, ${c.req.param('name')}!`, 200, text),
    )
    const fillers = row === 'routes' ? fillerCount : 0
    for (let at = 0; at < fillers; at++) {
      app.get(`/api/resource${at}/:id/items/:item`, (c) => c.text(''))
    }
    return new Promise<number>((resolve) => {
      const over =
        rowNamed(row).tls === true ? { createServer, serverOptions: { ...certificate } } : {}
      serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', ...over }, ({ port }) =>
        resolve(port),
      )
    })
  },
})
