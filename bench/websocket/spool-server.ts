import { obey } from '../harness/child.ts'
import { load } from '../spool-module.ts'
import { serverCommands } from './contenders.ts'

const { Application, Room, serve } = await load('server')
const room = new Room()

obey(
  serverCommands({
    start: async () => {
      const app = new Application().websocket('/', async (ws) => {
        using _ = room.join(ws)
        for await (const message of ws) await ws.send(message)
      })
      return (await serve(app, { port: 0, host: '127.0.0.1' })).port
    },
    publish: async (message) => void (await room.publish(message)),
  }),
)
