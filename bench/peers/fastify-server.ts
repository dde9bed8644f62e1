import fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import { contentType } from '../exchange.ts'
import { obey } from '../harness/child.ts'

interface Named {
  Params: { name: string }
}

obey({
  start: async () => {
    const app = fastify()
    app.get('/', (_, reply) => reply.type(contentType).send('Hello, world!'))
    app.get<Named>('/greet/:name', (request, reply) =>
      reply.type(contentType).send(`Hello, ${request.params.name}!`),
    )
    app.post('/users', (_, reply) => reply.send({}))
    app.get('/users/:id', (_, reply) => reply.send({}))
    app.get('/users/:id/posts/:post', (_, reply) => reply.send({}))
    app.get('/files/*', (_, reply) => reply.send(''))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return (app.server.address() as AddressInfo).port
  },
})
