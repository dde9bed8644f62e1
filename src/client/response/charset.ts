import { charsetOf } from '../../http/content-type.ts'

// A server says the same few types again and again.
const known = new Map<string, string | undefined>()
const mostKnown = 100
// Of the last one asked for, which mostly is the very same string.
let lastType: string | undefined = undefined
let lastCharset: string | undefined = undefined

/** The charset to decode a body of this content type by; undefined for UTF-8, and for one nobody knows. */
export function decodableCharset(contentType: string | undefined | null): string | undefined {
  if (contentType === undefined || contentType === null) return undefined
  if (contentType !== lastType) {
    lastCharset = lookUp(contentType)
    lastType = contentType
  }
  return lastCharset
}

function lookUp(contentType: string): string | undefined {
  if (known.has(contentType)) return known.get(contentType)
  const charset = checked(charsetOf(contentType))
  if (known.size >= mostKnown) known.clear()
  known.set(contentType, charset)
  return charset
}

function checked(charset: string | undefined): string | undefined {
  if (charset === undefined) return undefined
  try {
    const { encoding } = new TextDecoder(charset)
    return encoding === 'utf-8' ? undefined : encoding
  } catch {
    return undefined
  }
}
