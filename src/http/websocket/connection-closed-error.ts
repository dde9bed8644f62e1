import { SpoolError, type SpoolErrorOptions } from '../../util/error.ts'
import { closeCodes } from './close-code.ts'

export interface ConnectionClosedOptions extends SpoolErrorOptions {
  closeCode: number
  reason?: string
  wasClean: boolean
  closedBy: 'local' | 'remote'
}

/** A WebSocket is closed: nothing comes any more, and nothing can be sent. */
export class ConnectionClosedError extends SpoolError {
  /**
   * What the peer said (RFC 6455 §7.4), or we, if we closed it for what the peer did. 1005 if the peer
   * gave none; 1006 if the connection broke off without a close frame.
   */
  readonly closeCode: number
  /** Said with the code; mostly empty. */
  readonly reason: string
  /** Whether both ends have sent a close frame. */
  readonly wasClean: boolean
  /** Whose decision it was: ours, also for what the peer did or did not do, or the peer's. */
  readonly closedBy: 'local' | 'remote'

  static {
    this.prototype.name = 'ConnectionClosedError'
  }

  constructor(message: string, options: ConnectionClosedOptions) {
    super('SPOOL_CONNECTION_CLOSED', message, options)
    this.closeCode = options.closeCode
    this.reason = options.reason ?? ''
    this.wasClean = options.wasClean
    this.closedBy = options.closedBy
  }

  /** Whether `error` is the end of a WebSocket, whichever copy of Spool made it. */
  static override is(error: unknown): error is ConnectionClosedError {
    return SpoolError.hasCode(error, 'SPOOL_CONNECTION_CLOSED')
  }

  /** @internal Whether it is the end of an iteration, and no error of it: both ends agreed, and the peer has not complained. */
  get ordinary(): boolean {
    return this.wasClean && (this.closedBy === 'local' || isOrdinary(this.closeCode))
  }
}

function isOrdinary(code: number): boolean {
  return code === closeCodes.normal || code === closeCodes.goingAway || code === closeCodes.none
}
