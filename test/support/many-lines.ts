import { expect } from 'vitest'
import type { openConnection, startServer } from 'spool/io'

const lineLength = 1024
const linesOfMegabyte = 1024

/**
 * Reads so many MB by `readLine()`, from a server that sends as fast as it can, and fails if more than what may be read
 * ahead is ever held, or memory grows with what was read.
 */
export async function checkManyLines(
  megabytes: number,
  io: { startServer: typeof startServer; openConnection: typeof openConnection },
): Promise<void> {
  const block = Buffer.from(`${'x'.repeat(lineLength - 1)}\n`.repeat(linesOfMegabyte))
  await using server = await io.startServer({ host: '127.0.0.1' }, async (stream) => {
    for (let count = 0; count < megabytes; count++) await stream.write(block)
    stream.end()
  })
  await using stream = await io.openConnection({ host: '127.0.0.1', port: server.port })
  let lines = 0
  let most = 0
  let memory = 0
  const before = process.memoryUsage().external
  for (let line = await stream.readLine(); line !== undefined; line = await stream.readLine()) {
    if (++lines % linesOfMegabyte !== 0) continue
    most = Math.max(most, stream.statistics().unread)
    memory = Math.max(memory, process.memoryUsage().external)
  }
  expect(lines).toBe(megabytes * linesOfMegabyte)
  // The mark, and one more read of the socket.
  expect(most).toBeLessThanOrEqual(2 * 65_536)
  // Buffers that were used and are not collected yet.
  expect(memory - before).toBeLessThan(400_000_000)
}
