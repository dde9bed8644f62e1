import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { outsideContexts } from '../../concurrency/scope/context.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { ConnectError, reasonOf } from '../errors.ts'
import type { ServerTLSOptions } from '../transport.ts'
import { ServerNames } from './server-names.ts'
import { serverOptions } from './tls-options.ts'
import { tlsFailureOf } from './tls-peer.ts'

/**
 * Shakes hands as a server, over a connection that is open and that nobody listens to any more. Bytes that the socket
 * has in its buffer are the beginning of the handshake. `made` is called at once when that is done, so that nothing of
 * what follows is missed.
 *
 * Cancellation: the connection is destroyed.
 */
export function acceptOverSocket<T>(
  socket: Socket,
  options: ServerTLSOptions,
  made: (socket: TLSSocket) => T,
): Promise<T> {
  const names = new ServerNames()
  names.replace(options)
  const waiter = new Waiter<T>(() => socket.destroy(), undefined, 'a TLS handshake')
  if (waiter.settled) return waiter.promise
  const fail = (error: Error): void => {
    const message = `Accepting TLS failed: ${reasonOf(error)}`
    waiter.reject(new ConnectError('tls', message, [], { cause: error, why: tlsFailureOf(error) }))
  }
  outsideContexts(() => {
    // One that never listens: what it does with a connection is to check the client's certificate, to choose one by
    // the name that was asked for, and to end who takes too long.
    const server = createServer({
      ...serverOptions(options),
      SNICallback: (name, done) => done(null, names.find(name)),
      allowHalfOpen: false,
    })
    server.on('tlsClientError', (error, failed) => {
      fail(error)
      // After a time-out Node.js leaves it open; the socket below goes with it.
      failed.destroy()
    })
    server.on('secureConnection', (secured) => {
      secured.allowHalfOpen = true
      if (!waiter.settled) waiter.resolve(made(secured))
    })
    socket.once('close', () => fail(new Error('the connection is closed')))
    server.emit('connection', socket)
  })
  return waiter.promise
}
