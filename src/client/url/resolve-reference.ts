/**
 * Resolves a reference against the URL that it was found in (RFC 3986 §5.2), as text: nothing is
 * encoded, decoded or put in lower case, so that what a server wrote into `Location` is what it gets.
 */

// RFC 3986 appendix B.
const syntax = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/

interface Components {
  scheme: string | undefined
  authority: string | undefined
  path: string
  query: string | undefined
  fragment: string | undefined
}

/** `base` is an absolute URL with a host. A reference without a fragment has none of the base's. */
export function resolveReference(base: string, reference: string): string {
  const to = split(reference)
  if (to.scheme !== undefined) {
    const path = to.authority === undefined ? to.path : withoutDots(to.path)
    return join({ ...to, path })
  }
  const from = split(base)
  to.scheme = from.scheme
  if (to.authority !== undefined) return join({ ...to, path: withoutDots(to.path) })
  to.authority = from.authority
  if (to.path === '') {
    to.path = from.path
    to.query ??= from.query
  } else if (to.path.startsWith('/')) {
    to.path = withoutDots(to.path)
  } else {
    // §5.2.3: a base with a host and no path is at the root.
    to.path = withoutDots(from.path.slice(0, from.path.lastIndexOf('/') + 1) || '/', to.path)
  }
  return join(to)
}

function split(url: string): Components {
  const [, scheme, authority, path = '', query, fragment] = syntax.exec(url) ?? []
  return { scheme, authority, path, query, fragment }
}

function join({ scheme, authority, path, query, fragment }: Components): string {
  const host = authority === undefined ? '' : `//${authority}`
  return `${scheme}:${host}${path}${query ?? ''}${fragment ?? ''}`
}

// §5.2.4, segment by segment.
function withoutDots(path: string, rest: string = ''): string {
  const kept: string[] = []
  const segments = (path + rest).split('/')
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1
    if (segment === '..') {
      if (kept.length > 1) kept.pop()
      if (last) kept.push('')
    } else if (segment === '.') {
      if (last) kept.push('')
    } else {
      kept.push(segment)
    }
  }
  return kept.join('/')
}
