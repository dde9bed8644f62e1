import { SpoolError, type SpoolErrorOptions } from '../util/error.ts'

export interface ProtocolErrorOptions extends SpoolErrorOptions {
  /** What a server answers to it. */
  statusHint?: number
  /** What a WebSocket is closed with for it. */
  closeCode?: number
}

/**
 * A message broke the rules of its protocol. `origin` is `remote` if the peer did, and `local` if we
 * were about to send it.
 */
export class ProtocolError extends SpoolError {
  readonly origin: 'local' | 'remote'
  /** The status with which a server answers: 400 where nothing more exact fits. */
  readonly statusHint: number
  /** The code with which a WebSocket is closed (RFC 6455 §7.4.1): 1002 where nothing more exact fits. */
  readonly closeCode: number

  static {
    this.prototype.name = 'ProtocolError'
  }

  constructor(origin: 'local' | 'remote', message: string, options: ProtocolErrorOptions = {}) {
    super(origin === 'local' ? 'SPOOL_LOCAL_PROTOCOL' : 'SPOOL_REMOTE_PROTOCOL', message, options)
    this.origin = origin
    this.statusHint = options.statusHint ?? (origin === 'local' ? 500 : 400)
    this.closeCode = options.closeCode ?? 1002
  }

  static override is(error: unknown): error is ProtocolError {
    return (
      SpoolError.is(error) &&
      (error.code === 'SPOOL_LOCAL_PROTOCOL' || error.code === 'SPOOL_REMOTE_PROTOCOL')
    )
  }
}
