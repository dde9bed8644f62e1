/** What a close frame holds (RFC 6455 §5.5.1): nothing, or a code and a reason in UTF-8. */
import { isUtf8 } from 'node:buffer'

export function closePayload(code: number | undefined, reason: string): Uint8Array {
  if (code === undefined) return new Uint8Array(0)
  const payload = Buffer.allocUnsafe(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code, 0)
  payload.write(reason, 2)
  return payload
}

/** The reason behind the code; undefined if it is no text. */
export function closeReason(payload: Uint8Array): string | undefined {
  const reason = payload.subarray(2)
  return isUtf8(reason) ? Buffer.from(reason).toString() : undefined
}
