// The least that a server on node:net can cost: one constant Buffer per request head, nothing read.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTLSServer } from 'node:tls'
import { responseHead } from './exchange.ts'
import { certificate } from './harness/certificate.ts'
import { obey } from './harness/child.ts'
import { rowNamed } from './rows.ts'

const headEnd = Buffer.from('\r\n\r\n')
let answer: Buffer
/** Of each request, behind its head. */
let bodyLength: number

function serve(socket: Socket): void {
  let rest: Buffer | undefined
  socket.on('data', (chunk) => {
    let bytes = chunk as Buffer
    if (rest) {
      bytes = Buffer.concat([rest, bytes])
      rest = undefined
    }
    let at = 0
    for (;;) {
      const end = bytes.indexOf(headEnd, at)
      if (end < 0 || end + headEnd.length + bodyLength > bytes.length) break
      at = end + headEnd.length + bodyLength
      socket.write(answer)
    }
    if (at < bytes.length) rest = bytes.subarray(at)
  })
  socket.on('error', () => socket.destroy())
}

obey({
  start: async (rowName: string) => {
    const row = rowNamed(rowName)
    const body = row.answer(0)
    const request = row.request(0, 0)
    answer = Buffer.from(responseHead(row.contentType, body.length) + body, 'latin1')
    bodyLength = request.length - request.indexOf('\r\n\r\n') - headEnd.length
    const server =
      row.tls === true
        ? createTLSServer({ ...certificate, noDelay: true }, serve)
        : createServer({ noDelay: true }, serve)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  },
})
