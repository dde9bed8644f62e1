// The other end of the client bench: as cheap as the floor, but no two of its answers are the same.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { changingResponse } from './exchange.ts'
import { obey } from './harness/child.ts'

const newline = 10
const carriageReturn = 13

obey({
  start: async () => {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('data', (chunk) => {
        const bytes = chunk as Buffer
        // One request at a time, and none has a body: the head is whole where its last bytes are CR LF CR LF.
        const { length } = bytes
        if (
          bytes[length - 1] === newline &&
          bytes[length - 3] === newline &&
          bytes[length - 4] === carriageReturn
        ) {
          socket.write(changingResponse(), 'latin1')
        }
      })
      socket.on('error', () => socket.destroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  },
})
