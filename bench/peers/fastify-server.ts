import fastify, { type FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import { contentType } from '../exchange.ts'
import { certificate } from '../harness/certificate.ts'
import { obey } from '../harness/child.ts'
import { fillerCount, huge, items, json, large, rowNamed } from '../rows.ts'

interface Named {
  Params: { name: string }
}

obey({
  start: async (row: string) => {
    // The types of the two differ, and nothing that is used here does.
    const app =
      rowNamed(row).tls === true
        ? (fastify({ https: certificate }) as never as FastifyInstance)
        : fastify()
    app.get('/', (_, reply) => reply.type(contentType).send('Hello, world!'))
    app.get<Named>('/greet/:name', (request, reply) =>
      reply.type(contentType).send(`Hello, ${request.params.name}!`),
    )
    app.get<Named>('/items/:name', (request, reply) =>
      reply.type(json).send(items(request.params.name)),
    )
    const body = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } }
    const options = row === 'application' ? { schema: { body } } : {}
    if (row === 'application') {
      app.addHook('onRequest', (_request, _reply, done) => done())
      for (const name of ['a', 'b', 'c']) {
        app.get(`/more/${name}/:id`, (_, reply) => reply.type(contentType).send(''))
      }
    }
    app.post<{ Body: { name: string } }>('/items', options, (request, reply) =>
      reply.type(contentType).send(`Hello, ${request.body.name}!`),
    )
    app.get<Named>('/large/:name', (_, reply) => reply.type(contentType).send(large))
    app.get<Named>('/huge/:name', (_, reply) => reply.type(contentType).send(huge))
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
