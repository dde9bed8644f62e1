import { expect, test } from 'vitest'
import { connect } from '../../../src/io/connect.ts'
import { expectNothingLeft, openResources } from '../../support/open-resources.ts'
import { rawServer } from '../../support/raw-server.ts'
import { RecordingSink } from '../../support/recording-sink.ts'

test('readBuffer is shared by connections, each of which gets its own bytes from it', async () => {
  const before = openResources()
  {
    await using server = await rawServer(async (connection, index) => {
      for (let round = 0; round < 20; round++) {
        await connection.readUntil('?')
        await connection.drip(`${index}.${round}!`, 2)
      }
    })
    const readBuffer = new Uint8Array(16)
    const sinks: RecordingSink[] = []
    const transports = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const transport = await connect({ host: '127.0.0.1', port: server.port, readBuffer })
        const sink = new RecordingSink()
        sinks.push(sink)
        sink.onData = (bytes) => {
          expect(bytes.buffer).toBe(readBuffer.buffer)
          if (bytes.at(-1) === 0x21) transport.write('?')
        }
        transport.start(sink)
        transport.write('?')
        return transport
      }),
    )
    await Promise.all(sinks.map((sink) => sink.until(({ text }) => text.endsWith('.19!'))))
    const texts = sinks.map(({ text }) => text).sort()
    expect(texts).toEqual(
      [0, 1, 2, 3].map((index) =>
        Array.from({ length: 20 }, (_, round) => `${index}.${round}!`).join(''),
      ),
    )
    for (const transport of transports) transport.destroy()
    await Promise.all(sinks.map((sink) => sink.untilClosed()))
  }
  await expectNothingLeft(before)
})

test('readBuffer may be smaller than what comes', async () => {
  await using server = await rawServer(async (connection) => {
    await connection.send('a text that is longer than the buffer')
    connection.end()
  })
  const readBuffer = Buffer.alloc(4)
  const transport = await connect({ host: '127.0.0.1', port: server.port, readBuffer })
  const sink = new RecordingSink()
  sink.onEnd = () => transport.end()
  transport.start(sink)
  await sink.untilClosed()
  expect(sink.text).toBe('a text that is longer than the buffer')
})
