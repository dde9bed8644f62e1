/** Many clients of a WebSocket server at once, by hand over sockets, who leave without a word. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { handshake } from './websocket-client.ts'

/** Opens so many WebSockets at `path`; each has its answer. */
export async function openCrowd(port: number, path: string, count: number): Promise<Socket[]> {
  return Promise.all(Array.from({ length: count }, async () => openOne(port, path)))
}

async function openOne(port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(handshake(path))
  await once(socket, 'data')
  return socket
}

/** Drops them: every other one with a reset. */
export async function dropCrowd(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map(async (socket, index) => {
      const closed = once(socket, 'close')
      if (index % 2 === 0) socket.destroy()
      else socket.resetAndDestroy()
      await closed
    }),
  )
}
