/**
 * Which fields may stand in a trailer section (RFC 9110 §6.5.1).
 *
 * We never merge trailers into the head, but who forwards or logs them may. Those that frame or route a
 * message are refused: their only use there is to mislead another parser. The others that must be known
 * before the content are dropped, as §6.5.1 allows.
 */
import { refused } from '../grammar.ts'
import type { FieldList } from '../messages.ts'

const refusedNames: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'transfer-encoding',
  'upgrade',
])

const droppedNames: ReadonlySet<string> = new Set(
  [
    // Modifiers of the request and of the connection.
    'cache-control expect keep-alive max-forwards pragma proxy-connection range te trailer',
    'if-match if-modified-since if-none-match if-range if-unmodified-since',
    // Authentication and state.
    'authorization cookie proxy-authenticate proxy-authorization set-cookie www-authenticate',
    // Control of the response.
    'age date expires location retry-after vary warning',
    // How to read the content.
    'content-encoding content-range content-type',
  ].flatMap((names) => names.split(' ')),
)

/** Whether a field of this name may be sent as a trailer. */
export function isTrailerName(name: string): boolean {
  const lowerCase = name.toLowerCase()
  return !refusedNames.has(lowerCase) && !droppedNames.has(lowerCase)
}

/**
 * The trailers without those that may not be trailers.
 *
 * @throws ProtocolError if one of them frames or routes a message
 */
export function checkTrailers(fields: string[]): FieldList {
  if (fields.every((text, index) => index % 2 === 1 || isTrailerName(text))) return fields
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    if (refusedNames.has(name.toLowerCase())) throw refused(`Field "${name}" in the trailers`)
    if (isTrailerName(name)) kept.push(name, fields[i + 1]!)
  }
  return kept
}
