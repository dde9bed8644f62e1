import { type Application, Room } from 'spool/server'

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
    .websocket(
      '/ws/close/{code:\\d{4}}',
      (ws, { params }) => ws.close(Number(params.code)),
      options,
    )
}
