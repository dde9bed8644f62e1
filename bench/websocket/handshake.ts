import { createHash } from 'node:crypto'

/** The answer to a request for a WebSocket, whatever it asks for. */
export function answerTo(head: string): string {
  const [, asked = ''] = /sec-websocket-key: *(\S+)/i.exec(head) ?? []
  const accept = createHash('sha1')
    .update(`${asked}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}
