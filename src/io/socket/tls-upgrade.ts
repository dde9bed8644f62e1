import type { Socket } from 'node:net'
import { connect as openTLS, type TLSSocket } from 'node:tls'
import { outsideContexts } from '../../concurrency/scope/context.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { ConnectError, reasonOf } from '../errors.ts'
import { clientOptions } from './tls-options.ts'
import { onceSecured, tlsFailureOf } from './tls-peer.ts'
import type { TLSSessions } from './tls-sessions.ts'
import type { TLSOptions } from '../transport.ts'

/**
 * Shakes hands over a connection that is open and that nobody listens to any more. `made` is called
 * at once when that is done, so that nothing of what follows is missed.
 *
 * Cancellation: the connection is destroyed.
 */
export function upgradeToTLS<T>(
  socket: Socket,
  options: TLSOptions,
  servername: string,
  sessions: TLSSessions | undefined,
  made: (socket: TLSSocket) => T,
): Promise<T> {
  let secured: TLSSocket | undefined
  const waiter = new Waiter<T>(() => (secured ?? socket).destroy())
  if (waiter.settled) return waiter.promise
  outsideContexts(() => {
    // `onread` does not work over a socket that exists (Node.js ignores it): reads are not shared.
    const upgraded = openTLS({
      ...clientOptions(options, servername),
      ...sessions?.offer(options, servername),
      socket,
    })
    secured = upgraded
    onceSecured(upgraded, options, (error) => {
      if (waiter.settled) return
      if (error === undefined) {
        sessions?.keep(upgraded, options, servername)
        waiter.resolve(made(upgraded))
      } else {
        sessions?.forget(options, servername)
        const message = `Starting TLS with "${servername}" failed: ${reasonOf(error)}`
        const why = tlsFailureOf(error)
        waiter.reject(new ConnectError('tls', message, [], { cause: error, why }))
      }
    })
  })
  return waiter.promise
}
