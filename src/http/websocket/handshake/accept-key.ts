/** The proof that a server understood the question (RFC 6455 §4.2.2), which keeps caches out of it. */
import { createHash, randomBytes } from 'node:crypto'

const fixed = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What a server answers to a key. */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + fixed)
    .digest('base64')
}

/** A key to ask with: 16 random bytes. */
export function newKey(): string {
  return randomBytes(16).toString('base64')
}

/** Whether it is 16 bytes in base64. */
export function isKey(key: string): boolean {
  return /^[+/0-9A-Za-z]{22}==$/.test(key)
}
