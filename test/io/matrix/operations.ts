// Every operation of spool/io that waits, in the scope that is cancelled. No `await using`: Node.js 22 runs this as it is.
import { readFileSync, writeFileSync } from 'node:fs'
import { sleep } from 'spool'
import {
  bindUDP,
  type ByteStream,
  Channel,
  connectChannel,
  connectUDP,
  copyFile,
  copyStream,
  fileSource,
  fromThread,
  glob,
  memoryPair,
  ByteStream as Stream,
  open,
  openConnection,
  openJournal,
  pathInfo,
  readBytes,
  readText,
  replaceFile,
  runProcess,
  serveChannels,
  shell,
  signals,
  startModule,
  startServer,
  stdin,
  stdout,
  subprocess,
  temporaryFile,
  temporaryFolder,
  toNode,
  toThread,
  toWeb,
  walk,
  writeText,
} from 'spool/io'
import { authority, certificate, type Peers } from './peers.ts'

export interface Place extends Peers {
  /** For what an operation makes; emptied afterwards by nobody. */
  readonly folder: string
  /** A file of 300,000 bytes, and a folder with some files. */
  readonly input: string
  readonly tree: string
  /** To be called when nothing more happens by itself. */
  readonly waits: () => void
}

export interface Operation {
  run(place: Place): Promise<unknown>
  /** Whether it starts processes or threads: fewer phases are tried. */
  heavy?: boolean
  /** What is wrong with what it left; the files that it may leave are removed by it. */
  check?(place: Place): string | undefined
}

const host = '127.0.0.1'
const tls = { ca: authority, servername: 'localhost' }
const large = Buffer.alloc(8_000_000, 'x')
const moduleOf = (name: string): URL => new URL(`./${name}.ts`, import.meta.url)

async function connected(
  { silent, waits }: Place,
  use: (stream: ByteStream) => Promise<unknown>,
): Promise<void> {
  const stream = await openConnection({ host, port: silent })
  try {
    const using = use(stream)
    waits()
    await using
  } finally {
    await stream.close()
  }
}

async function readAll(iterable: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of iterable) continue
}

function whole(path: string, ...allowed: number[]): string | undefined {
  const { length } = readFileSync(path)
  return allowed.includes(length) ? undefined : `${path} has ${length} bytes`
}

const streams: Record<string, Operation> = {
  'openConnection() and close()': {
    async run({ echo }) {
      const stream = await openConnection({ host, port: echo })
      await stream.close()
    },
  },
  'openConnection() by name': {
    async run({ echo }) {
      const stream = await openConnection({ host: 'localhost', port: echo })
      await stream.close()
    },
  },
  'openConnection() over TLS': {
    async run(place) {
      const stream = await openConnection({ host, port: place.tls, tls })
      place.waits()
      await stream.close()
    },
  },
  'openConnection() whose handshake is not answered': {
    async run({ silent, waits }) {
      const opening = openConnection({ host, port: silent, tls })
      setTimeout(waits, 20)
      await opening
    },
  },
  'openConnection() to a Unix socket': {
    async run({ path }) {
      const stream = await openConnection({ path })
      await stream.close()
    },
  },
  'read()': { run: (place) => connected(place, (stream) => stream.read()) },
  'readExactly()': { run: (place) => connected(place, (stream) => stream.readExactly(5)) },
  'readUntil()': { run: (place) => connected(place, (stream) => stream.readUntil('x')) },
  'readLine()': { run: (place) => connected(place, (stream) => stream.readLine()) },
  'readAll()': { run: (place) => connected(place, (stream) => stream.readAll()) },
  'lines()': { run: (place) => connected(place, (stream) => readAll(stream.lines())) },
  'write() to one who does not read': {
    run: (place) => connected(place, (stream) => stream.write(large)),
  },
  'flush() to one who does not read': {
    run: (place) =>
      connected(place, async (stream) => {
        void stream.write(large).catch(() => undefined)
        await stream.flush()
      }),
  },
  'close() of one who does not end': { run: (place) => connected(place, (s) => s.close()) },
  'startTLS() that is not answered': {
    run: (place) => connected(place, (stream) => stream.startTLS(tls)),
  },
  'startServer() with a client that says nothing': {
    async run({ waits }) {
      const server = await startServer({ host }, (stream) => stream.readLine())
      const client = await openConnection({ host, port: server.port })
      try {
        waits()
        await server.closed
      } finally {
        await client.close()
        await server.close()
      }
    },
  },
  'acceptTLS() of a client that says nothing': {
    async run({ waits }) {
      const server = await startServer({ host }, async (stream) => {
        waits()
        await stream.acceptTLS(certificate)
      })
      const client = await openConnection({ host, port: server.port })
      try {
        await server.closed
      } finally {
        await client.close()
        await server.close()
      }
    },
  },
  'copyStream()': {
    async run({ echo, waits }) {
      const from = await openConnection({ host, port: echo })
      try {
        await from.write(large.subarray(0, 100_000))
        const to = await openConnection({ host, port: echo })
        try {
          waits()
          await copyStream(from, to)
        } finally {
          await to.close()
        }
      } finally {
        await from.close()
      }
    },
  },
  'a stream of Node.js and of the web over one of ours': {
    async run({ echo, waits }) {
      const node = toNode(await openConnection({ host, port: echo }))
      try {
        const web = toWeb(await openConnection({ host, port: echo }))
        try {
          waits()
          await sleep(60_000)
        } finally {
          await web.readable.cancel()
        }
      } finally {
        node.on('error', () => undefined).destroy()
      }
    },
  },
}

const datagrams: Record<string, Operation> = {
  'bindUDP() and receive()': {
    async run({ waits }) {
      const endpoint = await bindUDP({ host })
      try {
        const receiving = endpoint.receive()
        waits()
        await receiving
      } finally {
        await endpoint.close()
      }
    },
  },
  'connectUDP() by name, send() and iteration': {
    async run({ waits }) {
      const endpoint = await connectUDP({ host: 'localhost', port: 9 })
      try {
        await endpoint.send('x').catch(() => undefined)
        waits()
        for (;;) await endpoint.receive().catch((error: Error) => rethrowCancelled(error))
      } finally {
        await endpoint.close()
      }
    },
  },
}

function rethrowCancelled(error: Error): void {
  if (error.name === 'CancelledError') throw error
}

const files: Record<string, Operation> = {
  'open(), read(), write(), seek(), sync() and truncate()': {
    async run({ input }) {
      const file = await open(input, 'r+')
      try {
        await file.read(100)
        await file.seek(0, 'end')
        await file.truncate(300_000)
        await file.sync()
        await file.readAll()
      } finally {
        await file.close()
      }
    },
  },
  'lines() and chunks() of a file': {
    async run({ input }) {
      const file = await open(input)
      try {
        await readAll(file.lines())
        await file.seek(0)
        await readAll(file.chunks({ chunkSize: 10_000 }))
      } finally {
        await file.close()
      }
    },
  },
  'readText() and readBytes()': {
    async run({ input }) {
      await readText(input)
      await readBytes(input)
    },
  },
  'writeText()': { run: ({ input }) => writeText(input, 'x'.repeat(300_000)) },
  'replaceFile()': {
    async run({ input }) {
      await replaceFile(input, large.subarray(0, 400_000))
      await replaceFile(input, large.subarray(0, 300_000))
    },
    check: ({ input }) => whole(input, 300_000, 400_000),
  },
  'copyFile()': {
    async run({ input, tree }) {
      await copyFile(input, `${tree}/a`)
    },
    check({ tree }) {
      const wrong = whole(`${tree}/a`, 1, 300_000, 400_000)
      writeFileSync(`${tree}/a`, 'a')
      return wrong
    },
  },
  'walk() and glob()': {
    async run({ tree }) {
      await readAll(walk(tree))
      await readAll(glob('**/*', { folder: tree }))
      await pathInfo(tree)
    },
  },
  'temporaryFile() and temporaryFolder()': {
    async run({ folder }) {
      const made = await temporaryFolder({ folder })
      try {
        const file = await temporaryFile({ folder })
        try {
          await file.file.write('x')
        } finally {
          await file[Symbol.asyncDispose]()
        }
      } finally {
        await made.remove()
      }
    },
  },
  'openJournal() and append()': {
    async run({ tree }) {
      const journal = await openJournal(`${tree}/journal`)
      try {
        for (let count = 0; count < 5; count++) await journal.append(`record ${count}`)
      } finally {
        await journal.close()
      }
    },
    check({ tree }) {
      const text = readFileSync(`${tree}/journal`, 'utf8')
      return /^(?:record \d\n)*$/.test(text) ? undefined : `The journal has ${JSON.stringify(text)}`
    },
  },
  'fileSource()': {
    async run({ input }) {
      await readAll(await fileSource(input))
    },
  },
}

const processes: Record<string, Operation> = {
  'subprocess() and wait()': {
    heavy: true,
    async run({ waits }) {
      const child = await subprocess('sleep', ['60'])
      try {
        waits()
        await child.wait()
      } finally {
        await child.close()
      }
    },
  },
  'subprocess() that nobody closes': {
    heavy: true,
    async run({ waits }) {
      const child = await subprocess('sleep', ['60'], {
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: 'ignore',
      })
      waits()
      await child.wait()
    },
  },
  'communicate()': {
    heavy: true,
    async run({ waits }) {
      const child = await subprocess('sh', ['-c', 'read line; sleep 60'])
      try {
        waits()
        await child.communicate({ input: large })
      } finally {
        await child.close()
      }
    },
  },
  'shell() with a process that has started another': {
    heavy: true,
    async run({ waits }) {
      const child = await shell('sleep 60 & sleep 60')
      try {
        waits()
        await child.stdout?.readAll()
      } finally {
        await child.close()
      }
    },
  },
  'runProcess()': {
    heavy: true,
    async run({ waits }) {
      setTimeout(waits, 10)
      await runProcess('sleep', ['60'], { timeout: 60_000 })
    },
  },
}

const channels: Record<string, Operation> = {
  'connectChannel(), receive(), request() and stream()': {
    async run({ path, waits }) {
      const channel = await connectChannel<string>({ path })
      try {
        const waiting = [channel.receive(), channel.request('x'), readAll(channel.stream('x'))]
        waits()
        await Promise.all(waiting)
      } finally {
        await channel.close()
      }
    },
  },
  'send() to one who does not read': {
    async run({ path, waits }) {
      const channel = await connectChannel<Uint8Array>({ path })
      try {
        waits()
        for (;;) await channel.send(large.subarray(0, 500_000))
      } finally {
        await channel.close()
      }
    },
  },
  'serveChannels() and a request that is worked on': {
    async run({ folder, waits }) {
      const path = `${folder}/channels.sock`
      const onRequest = async (): Promise<void> => {
        waits()
        await sleep(60_000)
      }
      const server = await serveChannels({ path, onRequest }, (channel) => channel.receive())
      try {
        const channel = await connectChannel({ path })
        try {
          await channel.request('x')
        } finally {
          await channel.close()
        }
      } finally {
        await server.close()
      }
    },
  },
  'Channel over memory that nobody closes': {
    async run({ waits }) {
      const [one] = memoryPair()
      const channel = new Channel(new Stream(one))
      waits()
      await channel.receive()
    },
  },
  'startModule() and request()': {
    heavy: true,
    async run({ waits }) {
      const worker = await startModule<string>(moduleOf('endless-module'))
      try {
        const asking = worker.channel.request('x')
        void worker.channel.receive().then(waits, () => undefined)
        await asking
      } finally {
        await worker[Symbol.asyncDispose]()
      }
    },
  },
}

const others: Record<string, Operation> = {
  'toThread() that never awaits': {
    heavy: true,
    async run({ waits }) {
      const cells = new Int32Array(new SharedArrayBuffer(4))
      const tell = fromThread(waits)
      await toThread(
        async (cells: Int32Array, tell: () => Promise<void>) => {
          await tell()
          while (Atomics.load(cells, 0) === 0);
        },
        [cells, tell],
      )
    },
  },
  'toThread() that waits for fromThread()': {
    heavy: true,
    async run({ waits }) {
      const wait = fromThread(async () => {
        waits()
        await sleep(60_000)
      })
      await toThread((wait: () => Promise<void>) => wait(), [wait])
    },
  },
  'signals()': {
    async run({ waits }) {
      const next = signals('SIGHUP', 'SIGUSR2').next()
      waits()
      await next
    },
  },
  'stdin()': {
    async run({ waits }) {
      const reading = stdin().readLine()
      waits()
      await reading
    },
  },
  'stdout() whose reader does not read': {
    async run({ waits }) {
      const writing = stdout().write(large.subarray(0, 300_000))
      waits()
      await writing
    },
  },
}

export const operations: Record<string, Operation> = {
  ...streams,
  ...datagrams,
  ...files,
  ...processes,
  ...channels,
  ...others,
}
