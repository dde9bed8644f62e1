import { obey } from '../harness/child.ts'
import { load } from '../spool-module.ts'
import { serverCommands } from './contenders.ts'

const { Application, Room, serve } = await load('server')
const room = new Room()
const app = new Application()
  .websocket('/', async (ws) => {
    for await (const message of ws) await ws.send(message)
  })
  .websocket(
    '/room',
    async (ws) => {
      using _ = room.join(ws)
      for await (const message of ws) await room.publish(message)
    },
    // The peers of the bench answer no pings.
    { heartbeat: Infinity },
  )
const server = await serve(app, { port: 0, host: '127.0.0.1' })

obey(
  serverCommands({
    start: () => server.port,
    publish: async (message) => void (await room.publish(message)),
  }),
)
