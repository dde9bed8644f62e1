// The least that a server on node:net can cost: one constant Buffer per request head, nothing read.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { response } from './exchange.ts'
import { obey } from './harness/child.ts'

const answer = Buffer.from(response, 'latin1')
const headEnd = Buffer.from('\r\n\r\n')

function serve(socket: Socket): void {
  let rest: Buffer | undefined
  socket.on('data', (chunk) => {
    let bytes = chunk as Buffer
    if (rest) {
      bytes = Buffer.concat([rest, bytes])
      rest = undefined
    }
    let at = 0
    for (;;) {
      const end = bytes.indexOf(headEnd, at)
      if (end < 0) break
      at = end + headEnd.length
      socket.write(answer)
    }
    if (at < bytes.length) rest = bytes.subarray(at)
  })
  socket.on('error', () => socket.destroy())
}

obey({
  start: async () => {
    const server = createServer({ noDelay: true }, serve)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  },
})
