/** Channels between a program and the processes that it starts. */
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { ClosedResourceError } from '../../concurrency/errors.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { show } from '../../concurrency/scope/arguments.ts'
import { ProcessError } from '../processes/process-error.ts'
import {
  namesElsewhere,
  subprocessNames,
  type Subprocess,
  subprocessWithPipe,
  type SubprocessOptions,
} from '../processes/subprocess.ts'
import { ByteStream } from '../streams/byte-stream.ts'
import { SocketTransport } from '../socket/socket-transport.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { Channel, channelNames, type ChannelOptions } from './channel.ts'

export interface StartModuleOptions<In> extends SubprocessOptions, ChannelOptions<In> {
  /** What it finds in `process.argv`, from the third on. */
  args?: readonly string[]
  /** Options of Node.js itself. Default: those of this process. */
  nodeOptions?: readonly string[]
}

const moduleNames: Names<StartModuleOptions<unknown>> = {
  ...subprocessNames,
  ...channelNames,
  args: true,
  nodeOptions: true,
}

/** A module that runs in a process of its own. */
export interface ModuleProcess<Out, In> extends AsyncDisposable {
  readonly process: Subprocess
  readonly channel: Channel<Out, In>
}

// Tells the module that there is a channel, and on which descriptor.
const variable = 'PARENT_CHANNEL_FD'
const descriptor = 3

/**
 * Starts a module in a process of its own, with a channel to it; there, `parentChannel()` is the other end. Its
 * standard output and error are those of this process, unless told otherwise.
 *
 * ```ts no-run
 * await using worker = await startModule<number>(new URL('./square.ts', import.meta.url))
 * console.log(await worker.channel.request(7))
 * ```
 *
 * Cancellation: in a cancelled scope nothing is started. Later, the process ends with the scope that started it.
 *
 * @throws ProcessError if it can't be started
 */
export async function startModule<Out = unknown, In = Out>(
  module: string | URL,
  options: StartModuleOptions<In> = {},
): Promise<ModuleProcess<Out, In>> {
  checkNames(options, moduleNames, 'startModule()', namesElsewhere)
  const { args = [], nodeOptions = process.execArgv, environment = process.env } = options
  if (!(module instanceof URL) && (typeof module !== 'string' || module === '')) {
    throw new TypeError(`Cannot start ${show(module)}: expected the path of a module, or a URL`)
  }
  const path = module instanceof URL ? fileURLToPath(module) : module
  const child = await subprocessWithPipe(process.execPath, [...nodeOptions, path, ...args], {
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    ...options,
    environment: { ...(environment as Record<string, string>), [variable]: String(descriptor) },
  })
  if (child.extra === undefined) throw new ProcessError(child.command, 'it has no channel')
  const channel = new Channel<Out, In>(child.extra, options)
  return {
    process: child,
    channel,
    async [Symbol.asyncDispose]() {
      await channel.close()
      await child.close()
    },
  }
}

/**
 * The channel to the process that started this module with `startModule()`. There is one: ask once.
 *
 * @throws ClosedResourceError if it was not started so, or asked before
 */
export function parentChannel<Out = unknown, In = Out>(
  options: ChannelOptions<In> = {},
): Channel<Out, In> {
  const fd = process.env[variable]
  if (fd === undefined) {
    throw new ClosedResourceError('There is no channel: this process was not made by startModule()')
  }
  // What this process starts itself has another parent.
  delete process.env[variable]
  const stream = outsideScopes(() => {
    const socket = new Socket({
      fd: Number(fd),
      readable: true,
      writable: true,
      allowHalfOpen: true,
    })
    return new ByteStream(new SocketTransport(socket))
  })
  return new Channel<Out, In>(stream, options)
}
