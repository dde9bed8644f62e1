import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { connect, type ConnectOptions } from '../../src/io/connect.ts'
import { listen, type ListenOptions } from '../../src/io/listener.ts'
import { memoryPair, type MemoryPairOptions } from '../../src/io/memory-transport.ts'
import type { Transport } from '../../src/io/transport.ts'
import { certificates } from '../support/certificates.ts'
import { turnUntil } from '../support/open-resources.ts'
import { checkTransport, type TransportPair } from '../support/transport-checks.ts'

const folder = mkdtempSync(join(tmpdir(), 'spool-'))
afterAll(() => rmSync(folder, { recursive: true }))

const tls = { ca: certificates.ca }

async function socketPair(
  listening: ListenOptions,
  connecting: Partial<ConnectOptions> = {},
): Promise<TransportPair> {
  const arrived = Promise.withResolvers<Transport>()
  const listener = await listen(listening, arrived.resolve)
  const { path } = listening
  const client = await connect({
    ...(path === undefined ? { host: '127.0.0.1', port: listener.port ?? 0 } : { path }),
    ...connecting,
  })
  const server = await arrived.promise
  return {
    client,
    server,
    async close() {
      await turnUntil(() => listener.statistics().connections === 0)
      await listener.close()
      expect(listener.statistics()).toEqual({
        connections: 0,
        handshakes: 0,
        accepted: 1,
        refused: 0,
        failed: 0,
      })
    },
  }
}

function inMemory(options?: MemoryPairOptions): () => Promise<TransportPair> {
  return () => {
    const [client, server] = memoryPair(options)
    return Promise.resolve({ client, server, close: () => Promise.resolve() })
  }
}

checkTransport('memoryPair()', { resets: true }, inMemory())
checkTransport('memoryPair() in small chunks', { resets: true }, inMemory({ chunkSize: 5000 }))
checkTransport('memoryPair() with a shared buffer', { resets: true }, inMemory({ shared: true }))

const host = '127.0.0.1'
checkTransport('TCP', { resets: true }, () => socketPair({ host }))
checkTransport('TCP into a shared buffer', { resets: true }, () =>
  socketPair({ host }, { readBuffer: Buffer.alloc(65_536) }),
)
checkTransport('a Unix socket', { resets: false }, () =>
  socketPair({ path: join(folder, 'checks.sock') }),
)
checkTransport('TLS', { resets: false }, () =>
  socketPair({ host, tls: certificates.localhost }, { tls }),
)
checkTransport('TLS into a shared buffer', { resets: false }, () =>
  socketPair({ host, tls: certificates.localhost }, { tls, readBuffer: Buffer.alloc(65_536) }),
)

checkTransport('TLS begun later', { resets: false }, async () => {
  const arrived = Promise.withResolvers<Transport>()
  const listener = await listen({ host, tls: certificates.localhost }, arrived.resolve)
  const plain = await connect({ host, port: listener.port ?? 0, readBuffer: Buffer.alloc(65_536) })
  const client = await plain.startTLS(tls)
  const server = await arrived.promise
  return {
    client,
    server,
    async close() {
      await turnUntil(() => listener.statistics().connections === 0)
      await listener.close()
    },
  }
})
