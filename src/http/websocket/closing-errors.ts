/** How a WebSocket ends, in words. */
import { SpoolError } from '../../util/error.ts'
import type { ProtocolError } from '../../wire/errors.ts'
import { closeCodes, shortened } from './close-code.ts'
import { ConnectionClosedError } from './connection-closed-error.ts'

/** What a close frame says. */
export interface CloseFrame {
  /** Undefined: it is empty. */
  readonly code: number | undefined
  readonly reason: string
}

/** The peer has sent a close frame, of its own accord or as an answer to ours. */
export function closedCleanly(
  closeCode: number,
  reason: string,
  closedBy: 'local' | 'remote',
): ConnectionClosedError {
  const who = closedBy === 'local' ? 'we closed it' : 'the peer closed it'
  const said = reason === '' ? '' : ` ${JSON.stringify(reason)}`
  const message = `The WebSocket is closed: ${who} with ${closeCode}${said}`
  return new ConnectionClosedError(message, { closeCode, reason, wasClean: true, closedBy })
}

/** The peer broke a rule or a limit. */
export function closedForFault(cause: ProtocolError): ConnectionClosedError {
  const { closeCode } = cause
  return new ConnectionClosedError(
    `The WebSocket is closed with ${closeCode}: the peer sent what it must not: ${cause.message}`,
    { closeCode, reason: shortened(cause.message), wasClean: false, closedBy: 'local', cause },
  )
}

/** The transport is gone, and no close frame came. */
export function brokenOff(cause: Error | undefined, peerEnded: boolean): ConnectionClosedError {
  const why = cause === undefined ? 'the peer left without a close frame' : cause.message
  return new ConnectionClosedError(`The WebSocket is broken: ${why}`, {
    closeCode: closeCodes.abnormal,
    wasClean: false,
    // What goes wrong with a transport is told as an error of ours.
    closedBy: peerEnded || SpoolError.is(cause) ? 'remote' : 'local',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Our own close frame is sent, and nothing may follow it. */
export function beingClosed({ code, reason }: CloseFrame): ConnectionClosedError {
  return new ConnectionClosedError('Cannot send: the WebSocket is being closed', {
    closeCode: code ?? closeCodes.none,
    reason,
    wasClean: false,
    closedBy: 'local',
  })
}
