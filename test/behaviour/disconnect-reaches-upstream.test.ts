import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { Application, serve, text } from 'spool/server'
import { CancelledError, AsyncEvent } from 'spool'
import { createServer, type AddressInfo } from 'node:net'

it('closing the client’s socket closes the socket of the request upstream that its handler awaits', async () => {
  const asked = new AsyncEvent()
  const upstreamClosed = Promise.withResolvers<number>()
  const upstream = createServer((socket) => {
    socket.once('data', () => asked.set())
    socket.on('error', () => undefined)
    socket.once('close', () => upstreamClosed.resolve(performance.now()))
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo

  await using session = new ClientSession()
  const unwound = Promise.withResolvers<unknown>()
  const app = new Application().get('/', async () => {
    try {
      return text(await session.get(`http://127.0.0.1:${port}/slow`).text())
    } catch (error) {
      unwound.resolve(error)
      throw error
    }
  })
  await using server = await serve(app, { port: 0, host: '127.0.0.1' })
  const client = connect(server.port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n')
  await asked.wait()

  const left = performance.now()
  client.destroy()

  expect((await upstreamClosed.promise) - left).toBeGreaterThanOrEqual(0)
  const error = await unwound.promise
  expect(CancelledError.is(error) && error.source).toBe('disconnect')
  expect(session.statistics()).toMatchObject({ open: 0, active: 0 })
  await new Promise((resolve) => upstream.close(resolve))
})
