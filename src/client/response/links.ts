/** `Link` fields (RFC 8288): where a response says that related things are, such as the next page. */
import { resolveReference } from '../url/resolve-reference.ts'

export interface Link {
  /** Absolute. */
  readonly url: string
  /** By name in lower case, `rel` too; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
}

// <target> *( OWS ";" OWS param ), sticky: in proportion to the length.
const target = /[\t ,]*<([^>]*)>/y
const parameter =
  /[\t ]*;[\t ]*(?:([!#$%&'*+.^_`|~\w-]+)(?:[\t ]*=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?)?/y
// Nobody follows more of them.
const mostLinks = 1000

/** By each relation, in lower case, the first link of it. What is malformed ends the reading of its field. */
export function parseLinks(fields: readonly string[], base: string): Map<string, Link> {
  const links = new Map<string, Link>()
  let count = 0
  for (const field of fields) {
    target.lastIndex = 0
    for (let found = target.exec(field); found !== null; found = target.exec(field)) {
      if (++count > mostLinks) return links
      parameter.lastIndex = target.lastIndex
      const parameters = readParameters(field)
      target.lastIndex = parameter.lastIndex
      const link = { url: resolveReference(base, found[1] ?? ''), parameters }
      for (const relation of (parameters.get('rel') ?? '').split(/\s+/)) {
        const name = relation.toLowerCase()
        if (name !== '' && !links.has(name)) links.set(name, link)
      }
    }
  }
  return links
}

function readParameters(field: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (let at = parameter.lastIndex; ; at = parameter.lastIndex) {
    const found = parameter.exec(field)
    if (found === null) {
      parameter.lastIndex = at
      return parameters
    }
    const [, name, quoted, plain] = found
    if (name === undefined) continue
    const value = quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1')
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value)
  }
}
