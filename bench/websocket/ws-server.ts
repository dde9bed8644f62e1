import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { obey } from '../harness/child.ts'
import { serverCommands } from './contenders.ts'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
server.on('connection', (ws) => {
  ws.on('message', (data, binary) => ws.send(data, { binary }))
})
const listening = once(server, 'listening')

obey(
  serverCommands({
    start: async () => {
      await listening
      return (server.address() as AddressInfo).port
    },
    publish: (message) => {
      for (const ws of server.clients) ws.send(message)
    },
  }),
)
