// What sending a message to many costs at least: a loop of `socket.write()` of a frame that is made already.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { obey } from '../harness/child.ts'
import { serverCommands } from './contenders.ts'
import { answerTo } from './handshake.ts'

const room = new Set<Socket>()
const server = createServer({ noDelay: true }, (socket) => {
  room.add(socket)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => room.delete(socket))
  socket.once('data', (head) => socket.write(answerTo(head.toString('latin1'))))
}).listen(0, '127.0.0.1')
await once(server, 'listening')

let made: { message: string; frame: Buffer } | undefined

function frameOf(message: string): Buffer {
  if (made?.message !== message) {
    const { length } = message
    const head = length > 125 ? [0x81, 126, length >> 8, length & 0xff] : [0x81, length]
    made = { message, frame: Buffer.concat([Buffer.from(head), Buffer.from(message)]) }
  }
  return made.frame
}

obey(
  serverCommands({
    start: () => (server.address() as AddressInfo).port,
    publish: (message) => {
      const frame = frameOf(message)
      for (const socket of room) socket.write(frame)
    },
  }),
)
