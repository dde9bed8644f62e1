import { obey } from '../harness/child.ts'
import { load } from '../spool-module.ts'
import { clientCommands } from './contenders.ts'

const { ClientSession } = await load('client')
const kept: unknown[] = []

obey(
  clientCommands({
    open: async (port, count) => {
      const session = new ClientSession({ limit: 0 })
      for (let at = 0; at < count; at++) {
        kept.push(await session.websocket(`ws://127.0.0.1:${port}/`))
      }
    },
  }),
)
