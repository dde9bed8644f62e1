import { show } from '../../concurrency/scope/arguments.ts'

import { closeCodes, isCloseCode } from '../../wire/websocket/close-codes.ts'

export { closeCodes }

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
  if (!isCloseCode(code)) {
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

/** As much of a text as a close frame holds. */
export function shortened(reason: string): string {
  let text = reason
  while (Buffer.byteLength(text) > longestReason) text = text.slice(0, -1)
  return text.isWellFormed() ? text : text.slice(0, -1)
}
