/** A `Content-Type` taken apart. */
export interface ContentType {
  /** `type/subtype` in lower case. */
  readonly type: string
  /** Names in lower case; values as sent, without quotes. The first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
}

// RFC 9110 §5.6.6: token "=" ( token / quoted-string ), blanks only around the semicolon. Sticky, and
// every alternative begins differently, so that it takes time in proportion to the length.
const parameterSyntax =
  /[\t ]*;[\t ]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)"))?/y
const typeSyntax = /^[\t ]*([!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+)/

/** Reads a `Content-Type`; undefined if there is none or it has no type. What follows a fault is left out. */
export function parseContentType(value: string | null | undefined): ContentType | undefined {
  if (value === null || value === undefined) return undefined
  const found = typeSyntax.exec(value)
  if (found === null) return undefined
  const parameters = new Map<string, string>()
  parameterSyntax.lastIndex = found[0].length
  for (;;) {
    const match = parameterSyntax.exec(value)
    if (match === null) break
    const [, name, token, quoted] = match
    if (name === undefined) continue
    const key = name.toLowerCase()
    const parameter = token ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1')
    if (!parameters.has(key)) parameters.set(key, parameter)
  }
  return { type: (found[1] as string).toLowerCase(), parameters }
}

/** The `charset` of a `Content-Type` in lower case, if it names one. */
export function charsetOf(value: string | null | undefined): string | undefined {
  // Spares most messages the parse.
  if (value === null || value === undefined || !/charset/i.test(value)) return undefined
  return parseContentType(value)?.parameters.get('charset')?.toLowerCase()
}

/** Whether the type is JSON: `application/json`, or anything that ends in `+json` (RFC 6839 §3.1). */
export function isJSON(value: string | null | undefined): boolean {
  const type = parseContentType(value)?.type
  return type !== undefined && (type === 'application/json' || type.endsWith('+json'))
}
