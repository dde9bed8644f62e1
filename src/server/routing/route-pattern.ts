/**
 * Our syntax of a route, taken apart: `{name}` is one segment or a part of it, `{name:regex}` one that
 * the expression matches whole, `{rest*}` at the end whatever is left, slashes included.
 *
 * Text is percent-encoded here, once, as URLs are: paths are matched as they came and only what a
 * parameter caught is decoded. Otherwise `%2F` could make two segments of one.
 */
import { show } from '../../concurrency/scope/arguments.ts'
import { constraintOf } from './constraint.ts'

export type PatternPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string; readonly regex: string | undefined }
  | { readonly kind: 'rest'; readonly name: string }

export interface RoutePattern {
  readonly source: string
  /** Text encoded. */
  readonly pieces: readonly PatternPiece[]
  /** The path, encoded, if there is nothing to match. */
  readonly path: string | undefined
  /** The same for two patterns that match the same paths, whatever their parameters are called. */
  readonly shape: string
  /** Whether it ends in a slash, and so do all its paths. */
  readonly trailingSlash: boolean
  /** The name of what is left, and how many slashes are before it. */
  readonly rest: { readonly name: string; readonly slashes: number } | undefined
}

const nameSyntax = /^[A-Za-z_][A-Za-z0-9_]*$/
const dotSegment = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i
// What a path can't contain as it is (RFC 3986 §3.3).
const notInPath = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+/gu
const brokenEscape = /%(?![0-9A-Fa-f]{2})/

/** Throws TypeError, quoting the pattern, if it is none. */
export function parsePattern(source: string): RoutePattern {
  if (typeof source !== 'string')
    throw new TypeError(`Invalid route ${show(source)}: expected a path`)
  if (!source.startsWith('/')) throw invalid(source, 'expected a slash at its start')
  const pieces = piecesOf(source)
  const names = pieces.flatMap((piece) => (piece.kind === 'text' ? [] : [piece.name]))
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw invalid(source, `"${repeated}" is named twice`)
  if (
    dotSegment.test(pieces.map((piece) => (piece.kind === 'text' ? piece.text : '{}')).join(''))
  ) {
    throw invalid(source, 'clients resolve "." and ".." before they ask')
  }
  const last = pieces.at(-1)
  const [only] = pieces
  return {
    source,
    pieces,
    path: pieces.length === 1 && only?.kind === 'text' ? only.text : undefined,
    shape: pieces.map(shapeOf).join(''),
    trailingSlash: last?.kind === 'text' && last.text.endsWith('/'),
    rest:
      last?.kind === 'rest'
        ? {
            name: last.name,
            slashes: source.slice(0, source.lastIndexOf('{')).split('/').length - 1,
          }
        : undefined,
  }
}

function piecesOf(source: string): PatternPiece[] {
  const pieces: PatternPiece[] = []
  let at = 0
  while (at < source.length) {
    const open = source.indexOf('{', at)
    const text = source.slice(at, open === -1 ? undefined : open)
    if (text !== '') pieces.push({ kind: 'text', text: encodeText(source, text) })
    if (open === -1) break
    const close = closingBrace(source, open)
    const piece = paramOf(source, source.slice(open + 1, close))
    const { name } = piece
    if (piece.kind === 'rest' && (close !== source.length - 1 || source[open - 1] !== '/')) {
      throw invalid(source, `"{${name}*}" can only be the whole of the end, behind a slash`)
    }
    if (text === '' && pieces.length > 0) {
      throw invalid(source, `"{${name}}" follows another parameter without text between`)
    }
    pieces.push(piece)
    at = close + 1
  }
  return pieces
}

function closingBrace(source: string, open: number): number {
  let depth = 0
  for (let at = open; at < source.length; at++) {
    if (source[at] === '{') depth++
    else if (source[at] === '}' && --depth === 0) return at
  }
  throw invalid(source, 'a brace is not closed')
}

function paramOf(source: string, inner: string): Exclude<PatternPiece, { kind: 'text' }> {
  const colon = inner.indexOf(':')
  const rest = colon === -1 && inner.endsWith('*')
  const written = colon === -1 ? (rest ? inner.slice(0, -1) : inner) : inner.slice(0, colon)
  if (!nameSyntax.test(written)) {
    throw invalid(source, `"${written}" is no name of letters, digits and underscores`)
  }
  // As the name of a property is kept: a part of another string is slow to set a property by.
  const name = Object.keys({ [written]: 0 })[0] as string
  if (rest) return { kind: 'rest', name }
  if (colon === -1) return { kind: 'param', name, regex: undefined }
  const expression = inner.slice(colon + 1)
  if (expression === '') throw invalid(source, `"{${inner}}" has no expression`)
  const constraint = expression.includes('/')
    ? { problem: 'has a slash, and a parameter is one segment' }
    : constraintOf(expression)
  if ('regex' in constraint) return { kind: 'param', name, regex: constraint.regex }
  throw invalid(source, `the expression of "{${name}}" ${constraint.problem}`)
}

function encodeText(source: string, text: string): string {
  if (text.includes('}')) throw invalid(source, 'a brace is closed that was not opened')
  if (brokenEscape.test(text)) throw invalid(source, '"%" is not followed by two digits')
  return text.replaceAll(notInPath, encodeURIComponent)
}

function shapeOf(piece: PatternPiece): string {
  if (piece.kind === 'text') return piece.text
  if (piece.kind === 'rest') return '{*}'
  return piece.regex === undefined ? '{}' : `{:${piece.regex}}`
}

function invalid(source: string, why: string): TypeError {
  return new TypeError(`Invalid route ${JSON.stringify(source)}: ${why}`)
}
