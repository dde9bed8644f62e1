export type { Sink, TLSOptions, Transport } from './transport.ts'
