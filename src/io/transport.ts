/**
 * How bytes move: the port between what speaks a protocol and what carries it. Callback-shaped, since
 * a promise for each chunk would cost more than the rest of a request.
 */

export interface TLSOptions {
  /** The name to ask for and to check the certificate against; by default the host connected to. */
  serverName?: string
  ca?: string | Uint8Array | readonly (string | Uint8Array)[]
  cert?: string | Uint8Array
  key?: string | Uint8Array
  passphrase?: string
  /** Offered in this order; the client and the server of Spool offer `http/1.1`. */
  alpn?: readonly string[]
  /** Whether a certificate that can't be verified is refused. Default true. */
  verify?: boolean
  minVersion?: 'TLSv1.2' | 'TLSv1.3'
  ciphers?: string
}

/** Who is told what arrives. Called outside every scope. */
export interface Sink {
  /** `shared`: the bytes are valid during this call only; copy what is kept. */
  data(bytes: Uint8Array, shared: boolean): void
  /** The peer sends no more; we still may. */
  end(): void
  /** What `write()` had to queue is written: write on. */
  drain(): void
  /** The last call: nothing more comes or goes. With the error if it was not orderly. */
  closed(error?: Error): void
}

export interface Transport {
  /** Starts to read. Called again, it hands the transport to another sink. */
  start(sink: Sink): void
  /** Queues the bytes, a string as latin1; false: wait for `drain()` before writing more. */
  write(data: Uint8Array | string): boolean
  /** Gathers writes until `uncork()`, which sends them as one. */
  cork(): void
  uncork(): void
  /** Stops `data()`; the peer is slowed down by its full window. */
  pause(): void
  resume(): void
  /** Gives back bytes that were read too far: they come first when reading goes on. */
  unread(bytes: Uint8Array): void
  /** Sends what is queued, then FIN. */
  end(): void
  /** Drops what is queued and closes at once; the sink is told by `closed(error)`. */
  destroy(error?: Error): void
  /** Upgrades this connection, client side; this transport is used up. */
  startTLS(options: TLSOptions): Promise<Transport>
  readonly bytesWritten: number
  /** Bytes queued and not yet handed to the operating system. */
  readonly bytesQueued: number
  readonly remoteAddress: string | undefined
  readonly alpn: string | undefined
}
