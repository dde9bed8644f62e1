/** The same promises on everything that carries a stream. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  ByteStream,
  connect,
  type ConnectOptions,
  fromNode,
  listen,
  type ListenOptions,
  memoryPair,
  toNode,
  type Transport,
} from 'spool/io'
import { checkStream, type StreamPair } from 'spool/testing'
import { certificates } from '../../support/certificates.ts'
import { expectNothingLeft, openResources } from '../../support/open-resources.ts'

let before: string[]
let folder: string

beforeEach(() => {
  before = openResources()
  folder = mkdtempSync(join(tmpdir(), 'spool-'))
})

afterEach(async () => {
  rmSync(folder, { recursive: true })
  await expectNothingLeft(before)
})

async function overSocket(
  listening: ListenOptions,
  connecting: (port: number | undefined) => ConnectOptions,
): Promise<StreamPair> {
  const accepted = Promise.withResolvers<Transport>()
  const listener = await listen(listening, accepted.resolve)
  const sender = new ByteStream(await connect(connecting(listener.port)))
  const receiver = new ByteStream(await accepted.promise)
  return { sender, receiver, close: () => listener.close() }
}

function overTCP(): Promise<StreamPair> {
  return overSocket({ host: '127.0.0.1' }, (port = 0) => ({ host: '127.0.0.1', port }))
}

test('ByteStream keeps its promises over TCP', { timeout: 60_000 }, async () => {
  await expect(checkStream(overTCP)).resolves.toBeUndefined()
})

test('ByteStream keeps its promises over a Unix socket', { timeout: 60_000 }, async () => {
  const path = join(folder, 'socket')
  const pair = () => overSocket({ path }, () => ({ path }))
  await expect(checkStream(pair)).resolves.toBeUndefined()
})

test('ByteStream keeps its promises over TLS', { timeout: 60_000 }, async () => {
  const tls = { ca: certificates.ca, servername: 'localhost' }
  const pair = () =>
    overSocket({ host: '127.0.0.1', tls: certificates.localhost }, (port = 0) => ({
      host: '127.0.0.1',
      port,
      tls,
    }))
  await expect(checkStream(pair)).resolves.toBeUndefined()
})

function overPipe(): StreamPair {
  const pipe = new PassThrough()
  return { sender: fromNode({ writable: pipe }), receiver: fromNode({ readable: pipe }) }
}

test('ByteStream keeps its promises over a pipe in this process', { timeout: 60_000 }, async () => {
  await expect(checkStream(overPipe, { twoWay: false })).resolves.toBeUndefined()
})

function throughProcess(): StreamPair {
  const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
  return {
    sender: fromNode({ writable: cat.stdin }),
    receiver: fromNode({ readable: cat.stdout }),
    close: async () => {
      if (cat.exitCode === null && cat.signalCode === null) await once(cat, 'exit')
    },
  }
}

test('ByteStream keeps its promises through a process', { timeout: 60_000 }, async () => {
  await expect(checkStream(throughProcess, { twoWay: false })).resolves.toBeUndefined()
})

function thereAndBack(): StreamPair {
  const [one, other] = memoryPair()
  return { sender: fromNode(toNode(new ByteStream(one))), receiver: new ByteStream(other) }
}

test('toNode() and fromNode() undo each other', { timeout: 60_000 }, async () => {
  await expect(checkStream(thereAndBack, { twoWay: false })).resolves.toBeUndefined()
})
