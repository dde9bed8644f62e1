// The least that a server on node:net can cost: one constant Buffer per request head, nothing read; in the
// rows about JSON, with the JSON.parse() or JSON.stringify() of each that no handler can do without.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTLSServer } from 'node:tls'
import { responseHead } from './exchange.ts'
import { certificate } from './harness/certificate.ts'
import { obey } from './harness/child.ts'
import { items, type Row, rowNamed } from './rows.ts'

const headEnd = Buffer.from('\r\n\r\n')
let answer: Buffer
/** Of each request, behind its head. */
let bodyLength: number
/** Answers one request, whose body has these bytes. */
let respond: (socket: Socket, bytes: Buffer, from: number, to: number) => void

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
      const from = end + headEnd.length
      at = from + bodyLength
      respond(socket, bytes, from, at)
    }
    if (at < bytes.length) rest = bytes.subarray(at)
  })
  socket.on('error', () => socket.destroy())
}

let parsed = 0

function responder(row: Row): typeof respond {
  const { floorJSON } = row
  if (floorJSON === 'parsed') {
    return (socket, bytes, from, to) => {
      const { name } = JSON.parse(bytes.toString('latin1', from, to)) as { name: string }
      parsed += name.length
      socket.write(answer)
    }
  }
  if (floorJSON === 'made') {
    const head = responseHead(row.contentType, row.answer(0).length)
    return (socket) => socket.write(head + JSON.stringify(items('n0000')), 'latin1')
  }
  return (socket) => socket.write(answer)
}

obey({
  start: async (rowName: string) => {
    const row = rowNamed(rowName)
    const body = row.answer(0)
    const request = row.request(0, 0)
    answer = Buffer.from(responseHead(row.contentType, body.length) + body, 'latin1')
    bodyLength = request.length - request.indexOf('\r\n\r\n') - headEnd.length
    respond = responder(row)
    const server =
      row.tls === true
        ? createTLSServer({ ...certificate, noDelay: true }, serve)
        : createServer({ noDelay: true }, serve)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  },
})
