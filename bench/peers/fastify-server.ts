import fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import { contentType } from '../exchange.ts'
import { obey } from '../harness/child.ts'
import { fillerCount, items, json, large } from '../rows.ts'

interface Named {
  Params: { name: string }
}

obey({
  start: async (row: string) => {
    const app = fastify()
    app.get('/', (_, reply) => reply.type(contentType).send('Hello, world!'))
    app.get<Named>('/greet/:name', (request, reply) =>
      reply.type(contentType).send(`Hello, ${request.params.name}!`),
    )
    app.get<Named>('/items/:name', (request, reply) =>
      reply.type(json).send(items(request.params.name)),
    )
    app.post<{ Body: { name: string } }>('/items', (request, reply) =>
      reply.type(contentType).send(`Hello, ${request.body.name}!`),
    )
    app.get<Named>('/large/:name', (_, reply) => reply.type(contentType).send(large))
    app.get<Named>('/api/users/:name/posts/:post', (request, reply) =>
      reply.type(contentType).send(`Hello, ${request.params.name}!`),
    )
    const fillers = row === 'routes' ? fillerCount : 0
    for (let at = 0; at < fillers; at++) {
      app.get(`/api/resource${at}/:id/items/:item`, (_, reply) => reply.send(''))
    }
    await app.listen({ port: 0, host: '127.0.0.1' })
    return (app.server.address() as AddressInfo).port
  },
})
