// The other ends, in a process of their own: one sends as many bytes as it is asked for, one takes what comes.
import { createServer, type AddressInfo } from 'node:net'

const line = `${'The quick brown fox jumps over the lazy dog, again and again'.padEnd(79, '.')}\n`
const block = Buffer.from(line.repeat(820)).subarray(0, 65_536 - (65_536 % line.length))

const source = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.once('data', (asked) => {
    let left = Number(asked.toString())
    const send = (): void => {
      while (left > 0) {
        const bytes = left < block.length ? block.subarray(0, left) : block
        left -= bytes.length
        if (!socket.write(bytes)) {
          socket.once('drain', send)
          return
        }
      }
      socket.end()
    }
    send()
  })
})
// Answers the end of what comes with its own.
const sink = createServer((socket) => void socket.on('error', () => undefined).resume())

source.listen(0, '127.0.0.1', () => {
  sink.listen(0, '127.0.0.1', () => {
    const port = (server: typeof source): number => (server.address() as AddressInfo).port
    process.stdout.write(`${JSON.stringify({ source: port(source), sink: port(sink) })}\n`)
  })
})
// Ends with the process that has started it.
process.stdin.resume().on('end', () => process.exit())
