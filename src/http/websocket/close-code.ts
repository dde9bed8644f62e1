import { show } from '../../concurrency/scope/arguments.ts'

/** Why a WebSocket is closed (RFC 6455 §7.4 and its registry). */
export const closeCodes = {
  normal: 1000,
  /** A server that stops, a page that is left. */
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never sent: there was none. */
  none: 1005,
  /** Never sent: there was no close frame. */
  abnormal: 1006,
  /** Text that is not UTF-8, or compressed data that is none. */
  invalidData: 1007,
  policyViolation: 1008,
  tooLarge: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const

// RFC 6455 §5.5: a control frame holds 125 bytes, of which the code takes two.
const longestReason = 123

/** @throws TypeError or RangeError for a code that must not be sent, or a reason that is none or too long */
export function checkClose(code: number, reason: string): void {
  if (typeof code !== 'number') {
    throw new TypeError(`Cannot close with code ${show(code)}: expected a number`)
  }
  if (typeof reason !== 'string') {
    throw new TypeError(`Cannot close with the reason ${show(reason)}: expected a string`)
  }
  if (!isSendable(code)) {
    throw new RangeError(
      `Cannot close with code ${code}: expected 1000 to 1003, 1007 to 1014 or 3000 to 4999`,
    )
  }
  const length = Buffer.byteLength(reason)
  if (length > longestReason) {
    throw new RangeError(
      `Cannot close with a reason of ${length} bytes: ${longestReason} are allowed`,
    )
  }
}

function isSendable(code: number): boolean {
  return (
    (code >= 3000 && code <= 4999 && Number.isInteger(code)) ||
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code)
  )
}

/** As much of a text as a close frame holds. */
export function shortened(reason: string): string {
  let text = reason
  while (Buffer.byteLength(text) > longestReason) text = text.slice(0, -1)
  return text.isWellFormed() ? text : text.slice(0, -1)
}
