/** Channels over sockets. */
import { checkFunction, checkOptions } from '../../concurrency/scope/arguments.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import {
  openConnection,
  openConnectionNames,
  type OpenConnectionOptions,
} from '../streams/open-connection.ts'
import { startServer, startServerNames, type StartServerOptions } from '../streams/start-server.ts'
import type { StreamServer } from '../streams/stream-server.ts'
import { Channel, channelNames, type ChannelOptions } from './channel.ts'

/** Where to connect to, and how the channel is to be. */
export interface ConnectChannelOptions<In> extends OpenConnectionOptions, ChannelOptions<In> {}

/** Where to listen, and how the channels are to be. */
export interface ServeChannelsOptions<In> extends StartServerOptions, ChannelOptions<In> {}

const connectNames: Names<ConnectChannelOptions<unknown>> = {
  ...openConnectionNames,
  ...channelNames,
}

const serveNames: Names<ServeChannelsOptions<unknown>> = { ...startServerNames, ...channelNames }

/** The options that `names` has. */
function picked<T extends object>(options: T, names: Readonly<Record<string, true>>): T {
  const entries = Object.entries(options).filter(([name]) => Object.hasOwn(names, name))
  return Object.fromEntries(entries) as T
}

/**
 * Connects a channel, best over a Unix socket: who can connect is trusted.
 *
 * Cancellation: what was opened is destroyed.
 *
 * @throws ConnectError with the phase and every address that was tried
 */
export async function connectChannel<Out = unknown, In = Out>(
  options: ConnectChannelOptions<In>,
): Promise<Channel<Out, In>> {
  checkOptions('channel', options, "{ path: '/run/socket' }")
  checkNames(options, connectNames, 'connectChannel()')
  return new Channel<Out, In>(await openConnection(picked(options, openConnectionNames)), options)
}

/**
 * Listens for channels, best on a Unix socket: who can connect is trusted. Each is closed when its handler ends.
 *
 * ```ts
 * await using folder = await temporaryFolder()
 * const path = `${folder.path}/socket`
 * await using server = await serveChannels<string>({ path }, async (channel) => {
 *   for await (const message of channel) await channel.send(message.toUpperCase())
 * })
 * await using channel = await connectChannel<string>({ path })
 * await channel.send('hello')
 * console.log(await channel.receive()) // → HELLO
 * ```
 *
 * Cancellation: nothing is listened on. Later, when the scope that started it is cancelled, the server is closed.
 *
 * @throws ListenError if the address can't be had
 */
export async function serveChannels<Out = unknown, In = Out>(
  options: ServeChannelsOptions<In>,
  handler: (channel: Channel<Out, In>) => unknown,
): Promise<StreamServer> {
  checkOptions('channel', options, "{ path: '/run/socket' }")
  checkNames(options, serveNames, 'serveChannels()')
  checkFunction('serve channels', handler)
  return startServer(picked(options, startServerNames), async (stream) => {
    await using channel = new Channel<Out, In>(stream, options)
    await handler(channel)
  })
}
