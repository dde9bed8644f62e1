export type { ListenerStatistics } from './socket/accept.ts'
export { connect, type ConnectOptions } from './connect.ts'
export {
  type ConnectAttempt,
  ConnectError,
  type ConnectErrorOptions,
  type ConnectPhase,
  ListenError,
  type TLSFailure,
} from './errors.ts'
export { listen, type Listener, type ListenOptions } from './listener.ts'
export { memoryPair, type MemoryPairOptions, type MemoryTransport } from './memory-transport.ts'
export { type ResolvedAddress, type Resolver, staticResolver, systemResolver } from './resolver.ts'
export { TLSSessions } from './socket/tls-sessions.ts'
export type { ServerTLSOptions, Sink, TLSOptions, Transport } from './transport.ts'
