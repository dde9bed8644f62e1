import { connect as openTCP, type Socket } from 'node:net'
import { connect as openTLS } from 'node:tls'
import { RawConnection } from './raw-connection.ts'

export interface RawClientOptions {
  port?: number | undefined
  host?: string
  /** A Unix socket instead of a port. */
  path?: string
  tls?: {
    ca: string
    servername?: string
    ALPNProtocols?: string[]
    cert?: string
    key?: string
  }
}

/** Connects, and gives the connection into the hands of the test. */
export async function rawClient(options: RawClientOptions): Promise<RawConnection> {
  const { host = '127.0.0.1', port = 0, path, tls } = options
  const where = path === undefined ? { host, port } : { path }
  const how = { ...where, allowHalfOpen: true, noDelay: true }
  const socket: Socket =
    tls === undefined ? openTCP(how) : openTLS({ servername: 'localhost', ...tls, ...how })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.off('error', reject)
      resolve()
    })
  })
  return new RawConnection(socket)
}

/** Sends `bytes` on a connection of its own, and resolves with all that came until the server closed it. */
export async function exchange(
  options: RawClientOptions,
  bytes: string | Uint8Array,
): Promise<string> {
  await using connection = await rawClient(options)
  await connection.send(bytes)
  return await connection.readAll()
}
