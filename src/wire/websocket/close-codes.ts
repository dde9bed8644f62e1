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

/** Whether a close frame may say so: registered, or left to libraries and applications. */
export function isCloseCode(code: number): boolean {
  return (
    (code >= 3000 && code <= 4999 && Number.isInteger(code)) ||
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code)
  )
}
