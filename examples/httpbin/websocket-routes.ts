import { type Application, HTTPError, Room } from 'spool/server'

// RFC 6455 §7.4: the others are never in a close frame.
function refuseUnsendable(code: number): void {
  const sendable =
    (code >= 1000 && code <= 1003) ||
    (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code <= 4999)
  if (!sendable) throw new HTTPError(400, `No close frame may have code ${code}`)
}

/**
 * `/ws` sends back what comes, `/ws/broadcast` sends it to all who are connected there, and
 * `/ws/close/{code}` closes at once with that code.
 */
export function addWebSocketRoutes(app: Application): Application {
  const room = new Room()
  // Anybody may try them, from any page.
  const options = { compression: true, origins: 'any' } as const
  return app
    .websocket(
      '/ws',
      async (ws) => {
        for await (const message of ws) await ws.send(message)
      },
      options,
    )
    .websocket(
      '/ws/broadcast',
      async (ws) => {
        using _ = room.join(ws)
        for await (const message of ws) await room.publish(message)
      },
      options,
    )
    .websocket('/ws/close/{code:\\d{4}}', (ws, { params }) => ws.close(Number(params.code)), {
      ...options,
      accept: ({ params }) => refuseUnsendable(Number(params.code)),
    })
}
