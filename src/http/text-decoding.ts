// Bytes of a message as text, in the charset that it names.
import { Buffer } from 'node:buffer'

/**
 * Decodes as the web does: malformed parts become U+FFFD, a byte order mark is left out.
 * Throws RangeError for a charset that is not known.
 */
export function decodeText(bytes: Uint8Array, charset?: string): string {
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    return new TextDecoder(charset).decode(bytes)
  }
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  // Several times faster than TextDecoder for what is short.
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('utf8', start)
}
