/**
 * How bytes move: the port between what speaks a protocol and what carries it. Callback-shaped, since
 * a promise for each chunk would cost more than the rest of a request.
 */

/**
 * TLS for a client. The certificates are parsed once for each options object: keep it and use it
 * again, and do not change it afterwards.
 */
export interface TLSOptions {
  /** The name to ask for and to check the certificate against; by default the host connected to. */
  servername?: string
  /** Who may sign the peer's certificate, instead of the authorities that Node.js knows. */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[]
  cert?: string | Uint8Array
  key?: string | Uint8Array
  passphrase?: string
  /** Offered in this order; the client and the server of Spool offer `http/1.1`. */
  alpn?: readonly string[]
  /** Whether a certificate that can't be verified is refused. Default true. */
  rejectUnauthorized?: boolean
  /**
   * SHA-256 fingerprints of certificates, in hexadecimal with or without colons: a peer with another one
   * is refused. Checked besides what is verified, or alone if `rejectUnauthorized` is false.
   */
  fingerprint?: string | readonly string[]
  /** Default `TLSv1.2` (RFC 9325 §3.1.1). */
  minVersion?: 'TLSv1.2' | 'TLSv1.3'
  ciphers?: string
}

/** A certificate, with those that vouch for it, and its key: PEM. */
export type ServerCertificate = Pick<TLSOptions, 'cert' | 'key' | 'passphrase'>

/** TLS for a server: `cert` and `key` are needed. */
export interface ServerTLSOptions extends Omit<
  TLSOptions,
  'servername' | 'rejectUnauthorized' | 'fingerprint'
> {
  /**
   * Whether clients are asked for a certificate, to be signed by `ca`. With `required`, who has none
   * that can be verified is refused. Default `none`.
   */
  clientCertificate?: 'none' | 'requested' | 'required'
  /**
   * Other certificates, by the name that a client asks for: `example.org`, or `*.example.org` for all
   * names with one label more. `cert` is for all other names, and for clients that ask for none.
   */
  names?: Readonly<Record<string, ServerCertificate>>
  /** How long a client may take for its handshake, in milliseconds. Default 10,000. */
  handshakeTimeout?: number
}

/** Who is told what arrives. Called outside every scope, and never from inside a method of the transport. */
export interface Sink {
  /**
   * Bytes, always a `Buffer` at run time. `shared`: they are valid during this call only; copy what
   * is kept.
   */
  data(bytes: Uint8Array, shared: boolean): void
  /**
   * The peer sends no more; we still may. Comes after all its bytes, once for each sink, and also
   * while reading is paused if no bytes are left before it.
   */
  end(): void
  /** What `write()` had to queue is written: write on. */
  drain(): void
  /**
   * The last call, once for each transport that was started: nothing more comes or goes. Without an
   * error if both ends had ended, or `destroy()` was called without one. With an error it overtakes
   * bytes that were not delivered yet.
   */
  closed(error?: Error): void
}

/**
 * A connection. Nothing throws but for wrong arguments: what goes wrong is told by `closed(error)`,
 * with a `BrokenResourceError` whose `cause` is the system's error.
 */
export interface Transport {
  /**
   * Starts to read, also if reading was paused. Called again, it hands the transport to another sink,
   * from now on and with nothing lost; `end()` and `closed()` are told again to the new one.
   */
  start(sink: Sink): void
  /**
   * Queues the bytes, a string as latin1; false: wait for `drain()` before writing more. The bytes
   * are not copied: leave them alone until they are written. After `end()`, `destroy()` or
   * `closed()` they are dropped, and the answer is false.
   */
  write(data: Uint8Array | string): boolean
  /** Gathers writes until `uncork()`, which sends them as one. */
  cork(): void
  uncork(): void
  /** Stops `data()`; the peer is slowed down by its full window. */
  pause(): void
  resume(): void
  /** Gives back bytes that were read too far, and pauses: they come first after `resume()` or `start()`. */
  unread(bytes: Uint8Array): void
  /** Sends what is queued, then FIN. Closed once the peer has ended too. */
  end(): void
  /** Drops what is queued and closes at once; the sink is told by `closed(error)`, and nothing else. */
  destroy(error?: Error): void
  /** As `destroy()`, but the peer sees a reset and not an end, where the carrier can say so (TCP). */
  reset(error?: Error): void
  /**
   * Upgrades this connection, client side; this transport is used up, and its sink is told nothing more.
   * `host`: the name of the peer, where that is not what was connected to, as behind a proxy.
   *
   * Cancellation: the connection is destroyed.
   *
   * @throws ConnectError of phase `tls`
   */
  startTLS(options: TLSOptions, host?: string): Promise<Transport>
  /**
   * Upgrades this connection, server side; this transport is used up, and its sink is told nothing more. Bytes that
   * were given back are the beginning of the handshake. Only where there are sockets.
   *
   * Cancellation: the connection is destroyed.
   *
   * @throws ConnectError of phase `tls`
   */
  acceptTLS?(options: ServerTLSOptions): Promise<Transport>
  /** Bytes given to `write()` so far, queued ones included. */
  readonly bytesWritten: number
  /**
   * Bytes queued and not yet handed to the operating system. It goes down by at most 256 KiB at a time:
   * that much is seen as queued until the system has taken all of it.
   */
  readonly bytesQueued: number
  /** The peer's IP address; undefined for a Unix socket or in memory. */
  readonly remoteAddress: string | undefined
  /** The protocol that TLS agreed on, if there is TLS and it did. */
  readonly alpn: string | undefined
}
