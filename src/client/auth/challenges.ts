/** Reads `WWW-Authenticate` (RFC 9110 §11.6.1): one or several challenges, in one field or several. */

export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  /** By name in lower case; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
}

// token [ BWS "=" BWS ( token / quoted-string ) ], or a token68 behind a scheme. Sticky, and every
// alternative begins differently, so that it takes time in proportion to the length.
const space = /[\t ,]*/y
const word = /[!#$%&'*+.^_`|~\w-]+/y
const equals = /[\t ]*=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w/:-]+))/y
const brokenValue = /[\t ]*=/y
const token68 = /[\t ]+[\w.~+/-]+=*(?=[\t ]*(?:,|$))/y
// Nobody sends more, and each is work for us.
const mostChallenges = 20

/** What is malformed ends the reading of its field; what came before it counts. */
export function parseChallenges(fields: readonly string[]): Challenge[] {
  const challenges: Challenge[] = []
  for (const field of fields) readField(field, challenges)
  return challenges
}

function readField(field: string, challenges: Challenge[]): void {
  let at = 0
  let parameters: Map<string, string> | undefined
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(field)
    if (found !== null) at = pattern.lastIndex
    return found
  }
  for (;;) {
    take(space)
    const name = take(word)?.[0].toLowerCase()
    if (name === undefined) return
    const value = take(equals)
    if (value !== null && parameters !== undefined) {
      const given = value[2] ?? (value[1] ?? '').replaceAll(/\\(.)/g, '$1')
      if (!parameters.has(name)) parameters.set(name, given)
    } else if (value === null && take(brokenValue) === null && challenges.length < mostChallenges) {
      take(token68)
      parameters = new Map()
      challenges.push({ scheme: name, parameters })
    } else return
  }
}
