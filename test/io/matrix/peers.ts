// The other ends of the operations: servers of Node.js, in the same process.
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTLSServer } from 'node:tls'
import { readFileSync } from 'node:fs'

const pem = (name: string): string =>
  readFileSync(new URL(`../../support/certificates/${name}.pem`, import.meta.url), 'utf8')

export const certificate = { cert: pem('localhost'), key: pem('localhost.key') }
export const authority = pem('ca')

export interface Peers {
  /** Says nothing and reads nothing. */
  readonly silent: number
  /** Says back what it is told, and ends when the other end has. */
  readonly echo: number
  readonly tls: number
  /** A Unix socket, silent. */
  readonly path: string
}

const silently = (socket: Socket): void => void socket.on('error', () => undefined).pause()
const back = (socket: Socket): void => void socket.on('error', () => undefined).pipe(socket)

export async function startPeers(folder: string): Promise<Peers> {
  const path = `${folder}/silent.sock`
  const half = { allowHalfOpen: true }
  const servers = [
    createServer(half, silently),
    createServer(half, back),
    createTLSServer(certificate, back).on('tlsClientError', () => undefined),
  ]
  const unix = createServer(half, silently)
  await Promise.all([...servers.map((server) => listening(server, 0)), listening(unix, path)])
  const [silent = 0, echo = 0, tls = 0] = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' ? address?.port : 0
  })
  // What they hold is closed by their clients, which is what is looked at.
  for (const server of [...servers, unix]) server.on('connection', endWithPeer)
  return { silent, echo, tls, path }
}

function listening(server: Server, where: number | string): Promise<void> {
  return new Promise((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve)
    else server.listen(where, '127.0.0.1', resolve)
  })
}

// One that reads nothing does not see that its client has left.
function endWithPeer(socket: Socket): void {
  open.add(socket)
  socket.on('close', () => open.delete(socket))
}

const open = new Set<Socket>()

/** Between two operations: theirs are over, and so are these. */
export function endConnections(): void {
  for (const socket of open) socket.destroy()
}
