import { connect as openTCP, type Socket } from 'node:net'
import { connect as openTLS } from 'node:tls'
import { localAddressFor } from './local-address.ts'
import { readInto } from './read-buffer.ts'
import type { ResolvedAddress } from '../resolver.ts'
import { clientOptions } from './tls-options.ts'
import type { TLSSessions } from './tls-sessions.ts'
import type { TLSOptions } from '../transport.ts'

/** Where one attempt to connect goes. */
export type Target = ResolvedAddress | { readonly path: string }

export interface SocketOptions {
  /** The name that was asked for; what a TLS certificate must be for. */
  host: string
  port: number
  tls?: TLSOptions | undefined
  localAddress?: string | undefined
  readBuffer?: Uint8Array | undefined
  tlsSessions?: TLSSessions | undefined
  tcpKeepAlive?: number | undefined
}

/** Begins to connect; with TLS, the handshake follows by itself. Nothing is read until it is resumed. */
export function openSocket(target: Target, options: SocketOptions): Socket {
  const { host, port, tls, localAddress, readBuffer, tlsSessions, tcpKeepAlive } = options
  const where =
    'path' in target
      ? { path: target.path }
      : { host: target.address, port, family: target.family, autoSelectFamily: false }
  const how = {
    ...where,
    ...(localAddress === undefined || 'path' in target
      ? {}
      : { localAddress: localAddressFor(localAddress, target.family) }),
    ...(readBuffer === undefined ? {} : { onread: readInto(readBuffer, () => socket) }),
    // RFC 9293 §3.6: each direction is closed by its own end; a server may answer after our FIN.
    allowHalfOpen: true,
    noDelay: true,
    ...(tcpKeepAlive === undefined ? {} : { keepAlive: true, keepAliveInitialDelay: tcpKeepAlive }),
  }
  // The name is checked and not the address, unless the address is the name.
  const socket: Socket =
    tls === undefined
      ? openTCP(how)
      : openTLS({ ...clientOptions(tls, host), ...tlsSessions?.offer(tls, host), ...how })
  socket.pause()
  return socket
}
