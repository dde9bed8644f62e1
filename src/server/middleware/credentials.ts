import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

const secret = randomBytes(32).toString('hex')

/**
 * A value for comparison: of the same length for every text, and known to nobody outside, so that the
 * time of a comparison tells nothing of either.
 */
export function digestOf(text: string): Buffer {
  // No HMAC, which costs 3 to 18 times as much: the digest leaves this process for nobody.
  return hash('sha256', secret + text, 'buffer')
}

/** Whether two digests are the same, in a time that does not depend on where they differ. */
export function sameDigest(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(one, other)
}

/** Credentials of a scheme out of an `Authorization` field (RFC 9110 §11.4); undefined for another. */
export function credentialsOf(field: string | null, scheme: string): string | undefined {
  if (field === null) return undefined
  const [name = '', ...rest] = field.split(' ')
  return name.toLowerCase() === scheme ? rest.join(' ').trim() : undefined
}

/** A quoted string (RFC 9110 §5.6.4). Throws TypeError for what none can hold. */
export function quoted(text: string): string {
  if (!/^[\t\x20-\x7e]*$/.test(text)) {
    throw new TypeError(`Invalid realm ${JSON.stringify(text)}: expected printable ASCII`)
  }
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
