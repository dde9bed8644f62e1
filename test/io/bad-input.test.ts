/** What is wrong with what a function is given is said at once, with the value and what is allowed. */
import { describe, expect, test } from 'vitest'
import * as io from 'spool/io'
import { settle } from 'spool/testing'

type Call = () => unknown

/** As JavaScript calls it: with anything. */
const any = (value: unknown): never => value as never
const handler = (): void => undefined
const stream = (): io.ByteStream => new io.ByteStream(io.memoryPair()[0])

async function consume(iterable: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of iterable) return
}

const wrong: Record<string, readonly (readonly [Call, string])[]> = {
  'openConnection()': [
    [
      () => io.openConnection(any(undefined)),
      'Cannot use undefined as the options of a connection',
    ],
    [() => io.openConnection({}), 'Connecting needs "host" and "port", or "path"'],
    [() => io.openConnection({ host: 'a', port: 0 }), 'Cannot connect to port "0"'],
    [() => io.openConnection({ host: 'a', port: any('x') }), 'Cannot connect to port "x"'],
    [() => io.openConnection({ path: '' }), 'Cannot connect to path ""'],
    [
      () => io.openConnection(any({ host: 'a', port: 1, timeOut: 5 })),
      '"timeOut" as an option of openConnection(), expected "timeout"',
    ],
    [() => io.openConnection({ host: 'a', port: 1, timeout: -1 }), 'Cannot connect within "-1" ms'],
  ],
  'startServer()': [
    [() => io.startServer(any(8080), handler), 'Cannot use 8080 as the options of a server'],
    [() => io.startServer({}, any(undefined)), 'Cannot start a server: expected a function'],
    [() => io.startServer({ port: 70_000 }, handler), 'Cannot listen on port "70000"'],
    [() => io.startServer(any({ prot: 1 }), handler), '"prot" as an option of startServer()'],
    [
      () => io.startServer({ path: '/a', port: 1 }, handler),
      'Listening takes "path", or "host" and "port"',
    ],
  ],
  ByteStream: [
    [
      () => new io.ByteStream(io.memoryPair()[0], { highWaterMark: -1 }),
      'Invalid highWaterMark -1',
    ],
    [
      () => new io.ByteStream(io.memoryPair()[0], { closeTimeout: any('1s') }),
      'Invalid closeTimeout "1s"',
    ],
    [() => stream().read(0), 'Invalid size 0'],
    [() => stream().readExactly(any('5')), 'Invalid size "5"'],
    [() => stream().readUntil(''), 'Cannot read until ""'],
    [() => stream().readLine({ limit: 0 }), 'Invalid limit 0'],
    [() => stream().readAll({ limit: -1 }), 'Invalid limit -1'],
  ],
  'copyStream()': [
    [() => io.copyStream(any(5), stream()), 'Cannot copy a stream: expected a ByteStream, got 5'],
    [() => io.copyStream(stream(), any(undefined)), 'expected a ByteStream, got undefined'],
    [() => io.copyStream(stream(), stream(), { onProgress: any(1) }), 'expected a function, got 1'],
  ],
  'fromNode()': [[() => io.fromNode({}), 'Cannot make a stream of nothing']],
  'bindUDP() and connectUDP()': [
    [() => io.bindUDP({ host: 'localhost' }), 'Cannot bind "localhost": it must be an IP address'],
    [() => io.bindUDP({ port: -1 }), 'Invalid port "-1"'],
    [() => io.bindUDP({ maxQueue: 0 }), 'Invalid maxQueue 0'],
    [() => io.bindUDP(any({ address: '::' })), '"address" as an option of bindUDP()'],
    [() => io.connectUDP(any(undefined)), 'Cannot use undefined as the options of a UDP endpoint'],
    [() => io.connectUDP({ host: '', port: 1 }), 'Cannot connect to host ""'],
    [() => io.connectUDP({ host: 'a', port: 0 }), 'Invalid port "0"'],
  ],
  'open()': [
    [() => io.open(any(undefined)), 'Cannot open undefined: expected a path or a file: URL'],
    [() => io.open(''), 'Cannot open ""'],
    [() => io.open('a\0b'), 'expected a path'],
    [
      () => io.open(new URL('http://a/b')),
      'Cannot open http://a/b: expected a path or a file: URL',
    ],
    [() => io.open('a', any('rw')), 'Cannot open a file with mode "rw"'],
    [() => io.open('a', any(5)), 'Cannot open a file with mode 5'],
    [() => io.open('a', 'r', any({ mode: 0o600 })), '"mode" as an option of open()'],
  ],
  'whole files': [
    [() => io.readText(any(5)), 'Cannot read 5: expected a path or a file: URL'],
    [() => io.readBytes(any(null)), 'Cannot read null'],
    [() => io.writeText('a', any(5)), 'Cannot write 5 as text: expected a string'],
    [() => io.writeText('', 'x'), 'Cannot write ""'],
    [() => io.replaceFile(any({}), 'x'), 'Cannot replace Object: expected a path'],
    [
      () => io.replaceFile('a', 'x', any({ permissions: 1 })),
      '"permissions" as an option of replaceFile()',
    ],
    [() => io.copyFile('a', any(undefined)), 'Cannot copy to undefined: expected a path'],
    [() => io.copyFile(any(1), 'b'), 'Cannot copy 1: expected a path'],
  ],
  folders: [
    [() => consume(io.walk(any(undefined))), 'Cannot walk undefined: expected a path'],
    [() => consume(io.walk('.', { depth: 0 })), 'Invalid depth 0'],
    [() => consume(io.walk('.', any({ maxDepth: 1 }))), '"maxDepth" as an option of walk()'],
    [() => consume(io.glob(any(5))), 'Cannot look for 5: expected a path'],
    [
      () => consume(io.glob('*', any({ cwd: '.' }))),
      '"cwd" as an option of glob(), expected "folder"',
    ],
    [() => io.pathInfo(any(undefined)), 'Cannot look at undefined: expected a path'],
    [() => io.temporaryFolder(any({ dir: '/tmp' })), '"dir" as an option of temporaryFolder()'],
    [
      () => io.temporaryFile(any({ extension: '.txt' })),
      '"extension" as an option of temporaryFile()',
    ],
    [() => io.openJournal(''), 'Cannot open the journal "": expected a path'],
    [() => io.openJournal('a', any({ fsync: true })), '"fsync" as an option of openJournal()'],
  ],
  processes: [
    [() => io.subprocess(any(undefined)), 'Cannot run undefined: expected the name of a program'],
    [() => io.subprocess(''), 'Cannot run ""'],
    [() => io.subprocess('cat', any('a')), 'Cannot run "cat": expected an array of strings'],
    [() => io.subprocess('cat', [any(5)]), 'Cannot run "cat": expected an array of strings'],
    [
      () => io.subprocess('cat', [], any({ cwd: '/' })),
      '"cwd" as an option of subprocess(), expected "folder"',
    ],
    [
      () => io.shell('true', any({ env: {} })),
      '"env" as an option of shell(), expected "environment"',
    ],
    [() => io.shell(''), 'Cannot run ""'],
    [
      () => io.runProcess('cat', [], any({ stdout: 'pipe' })),
      '"stdout" as an option of runProcess()',
    ],
    [() => io.runProcess('cat', [], { timeout: -1 }), 'Invalid timeout -1'],
    [() => io.subprocess('cat', [], { grace: Number.NaN }), 'Invalid grace NaN'],
  ],
  channels: [
    [() => new io.Channel(any(5)), 'Cannot make a channel: expected a ByteStream, got 5'],
    [
      () => new io.Channel(stream(), { onRequest: any(5) }),
      'Cannot answer requests: expected a function',
    ],
    [() => new io.Channel(stream(), { maxQueue: 0 }), 'Invalid maxQueue 0'],
    [() => io.connectChannel(any(undefined)), 'Cannot use undefined as the options of a channel'],
    [
      () => io.connectChannel(any({ path: '/a', queue: 1 })),
      '"queue" as an option of connectChannel()',
    ],
    [
      () => io.serveChannels({ path: '/a' }, any(undefined)),
      'Cannot serve channels: expected a function',
    ],
    [() => io.startModule(any(undefined)), 'Cannot start undefined: expected the path of a module'],
    [() => io.startModule('/a.js', any({ argv: [] })), '"argv" as an option of startModule()'],
    [() => io.parentChannel(), 'There is no channel: this process was not made by startModule()'],
  ],
  'threads and signals': [
    [() => io.toThread(any(5)), 'Cannot run 5 in a thread'],
    [() => io.toThread(() => 1, any(5)), 'expected an array of arguments'],
    [() => io.fromThread(any(5)), 'Cannot call back from a thread: expected a function'],
    [() => io.signals(any('HUP')), 'Cannot listen to "HUP"'],
    [() => io.stdin(any({ fd: 0 })), '"fd" as an option of a standard stream'],
  ],
}

describe.each(Object.entries(wrong))('%s', (_name, calls) => {
  test.each(calls.map(([call, message]) => [message, call] as const))(
    'is refused: %s',
    async (message, call) => {
      const error: unknown = await (async () => call())().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Error)
      const { name } = error as Error
      expect(['TypeError', 'RangeError', 'ClosedResourceError']).toContain(name)
      expect((error as Error).message).toContain(message)
      await settle()
    },
  )
})
