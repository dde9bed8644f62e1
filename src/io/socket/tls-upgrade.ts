import type { Socket } from 'node:net'
import { connect as openTLS, type TLSSocket } from 'node:tls'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { ConnectError, reasonOf } from '../errors.ts'
import { clientOptions, onceSecured } from './tls-options.ts'
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
  serverName: string,
  made: (socket: TLSSocket) => T,
): Promise<T> {
  let secured: TLSSocket | undefined
  const waiter = new Waiter<T>(() => (secured ?? socket).destroy())
  if (waiter.settled) return waiter.promise
  outsideScopes(() => {
    // `onread` does not work over a socket that exists (Node.js ignores it): reads are not shared.
    const upgraded = openTLS({ ...clientOptions(options, serverName), socket })
    secured = upgraded
    onceSecured(upgraded, (error) => {
      if (waiter.settled) return
      if (error === undefined) waiter.resolve(made(upgraded))
      else {
        const message = `Starting TLS with "${serverName}" failed: ${reasonOf(error)}`
        waiter.reject(new ConnectError('tls', message, [], { cause: error }))
      }
    })
  })
  return waiter.promise
}
