import { once } from 'node:events'
import { WebSocket } from 'ws'
import { obey } from '../harness/child.ts'
import { clientCommands } from './contenders.ts'

const kept: unknown[] = []

obey(
  clientCommands({
    open: async (port, count) => {
      for (let at = 0; at < count; at++) {
        const ws = new WebSocket(`ws://127.0.0.1:${port}/`)
        ws.on('message', () => undefined)
        await once(ws, 'open')
        kept.push(ws)
      }
    },
  }),
)
