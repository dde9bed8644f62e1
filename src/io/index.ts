export type { ListenerStatistics } from './socket/accept.ts'
export {
  CachingResolver,
  type CachingResolverOptions,
  type ResolverStatistics,
} from './caching-resolver.ts'
export { connect, type ConnectOptions } from './connect.ts'
export {
  type ConnectAttempt,
  ConnectError,
  type ConnectErrorOptions,
  type ConnectPhase,
  IncompleteReadError,
  LimitExceededError,
  ListenError,
  type TLSFailure,
} from './errors.ts'
export { FileSource, fileSource, type FileSourceOptions } from './files/file-source.ts'
export { listen, type Listener, type ListenOptions } from './listener.ts'
export { memoryPair, type MemoryPairOptions, type MemoryTransport } from './memory-transport.ts'
export { type ResolvedAddress, type Resolver, staticResolver, systemResolver } from './resolver.ts'
export { TLSSessions } from './socket/tls-sessions.ts'
export type { ServerTLSOptions, Sink, TLSOptions, Transport } from './transport.ts'
export {
  ByteStream,
  type ByteStreamOptions,
  type ByteStreamStatistics,
  type LimitOptions,
} from './streams/byte-stream.ts'
export { openConnection, type OpenConnectionOptions } from './streams/open-connection.ts'
export { startServer, type StartServerOptions, type StreamHandler } from './streams/start-server.ts'
export type { StreamServer, StreamServerCloseOptions } from './streams/stream-server.ts'
export { copyStream, type CopyStreamOptions } from './streams/copy-stream.ts'
export { fromNode, type NodeSides, toNode } from './streams/node-bridge.ts'
export { toWeb, type WebStreamPair } from './streams/web-bridge.ts'
export {
  bindUDP,
  ConnectedUDPEndpoint,
  connectUDP,
  type ConnectUDPOptions,
  UDPEndpoint,
  type UDPOptions,
} from './datagrams/udp-endpoint.ts'
export type { Datagram, UDPStatistics } from './datagrams/udp-socket.ts'
export type { AsyncFile, ChunksOptions, LinesOptions } from './files/async-file.ts'
export { copyFile, type CopyFileOptions } from './files/copy-file.ts'
export type { FileMode } from './files/file-mode.ts'
export { glob, type GlobOptions } from './files/glob.ts'
export { type Journal, type JournalOptions, openJournal } from './files/journal.ts'
export { open, type OpenOptions } from './files/open-file.ts'
export { type PathInfo, pathInfo, type PathInfoOptions } from './files/path-info.ts'
export {
  type TemporaryFile,
  temporaryFile,
  type TemporaryFileOptions,
  type TemporaryFolder,
  temporaryFolder,
  type TemporaryOptions,
} from './files/temporary.ts'
export { type PathKind, walk, type WalkEntry, type WalkOptions } from './files/walk.ts'
export {
  readBytes,
  readText,
  replaceFile,
  type ReplaceFileOptions,
  writeBytes,
  writeText,
} from './files/whole-file.ts'
export { type ExitStatus, ProcessError } from './processes/process-error.ts'
export type { ProcessInput } from './processes/process-input.ts'
export { type ProcessText, runProcess, type RunProcessOptions } from './processes/run-process.ts'
export { Signals, signals } from './processes/signals.ts'
export {
  type CommunicateOptions,
  type ProcessOutput,
  shell,
  type StreamTarget,
  type Subprocess,
  subprocess,
  type SubprocessOptions,
} from './processes/subprocess.ts'
export type { RequestHandler } from './channels/answers.ts'
export { Channel, type ChannelOptions, type ChannelStatistics } from './channels/channel.ts'
export {
  connectChannel,
  type ConnectChannelOptions,
  serveChannels,
  type ServeChannelsOptions,
} from './channels/open-channel.ts'
export {
  type ModuleProcess,
  parentChannel,
  startModule,
  type StartModuleOptions,
} from './channels/process-channel.ts'
export { RemoteError } from './channels/remote-error.ts'
export { stderr, stdin, stdout, type StandardStreamOptions } from './standard/standard-streams.ts'
export { fromThread } from './threads/from-thread.ts'
export { ThreadError } from './threads/thread-error.ts'
export { closeThreads, threadStatistics, type ThreadStatistics } from './threads/thread-pool.ts'
export {
  type ThreadArguments,
  threadLimiter,
  type ThreadModule,
  toThread,
  type ToThreadOptions,
} from './threads/to-thread.ts'
