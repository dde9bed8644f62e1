import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { obey } from '../harness/child.ts'
import { serverCommands } from './contenders.ts'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
const room = new Set<WebSocket>()
server.on('connection', (ws, { url }) => {
  if (url !== '/room') {
    ws.on('message', (data, binary) => ws.send(data, { binary }))
    return
  }
  room.add(ws)
  ws.on('close', () => room.delete(ws))
  ws.on('message', (data, binary) => {
    for (const member of room) member.send(data, { binary })
  })
})
await once(server, 'listening')

obey(
  serverCommands({
    start: () => (server.address() as AddressInfo).port,
    publish: (message) => {
      for (const ws of room) ws.send(message)
    },
  }),
)
