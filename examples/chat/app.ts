// npx spool serve examples/chat/app.ts
// Rooms in the browser: a page without a build step, and a WebSocket for each who has it open.
import { fileURLToPath } from 'node:url'
import { Application, files, HTTPError, securityHeaders } from 'spool/server'
import { ChatRoom } from './chat-room.ts'

// Anybody may open one, so they have to be counted.
const mostRooms = 1_000
const longestName = 20

export function chat(): Application {
  const rooms = new Map<string, ChatRoom>()

  function roomNamed(name: string): ChatRoom {
    const room = rooms.get(name) ?? new ChatRoom()
    rooms.set(name, room)
    return room
  }

  return new Application()
    .use(securityHeaders())
    .websocket(
      '/rooms/{room:[a-z0-9-]{1,30}}',
      async (ws, { params, query }) => {
        const room = roomNamed(params.room)
        try {
          await room.talk(ws, query.text('name').trim())
        } finally {
          // Another one may have its name by now.
          if (room.empty && rooms.get(params.room) === room) rooms.delete(params.room)
        }
      },
      {
        maxMessageSize: 2_000,
        accept: ({ params, query }) => {
          const name = query.text('name').trim()
          if (name === '' || name.length > longestName) {
            throw new HTTPError(400, `Expected a name of 1 to ${longestName} characters`)
          }
          if (!rooms.has(params.room) && rooms.size >= mostRooms) {
            throw new HTTPError(503, 'There are too many rooms')
          }
        },
      },
    )
    .get('/{path*}', files(fileURLToPath(new URL('page', import.meta.url))))
}

export default chat()
