/**
 * The expression of a parameter, `{name:regex}`. It stands for a whole segment or a part of one, as it came,
 * percent-encoded; so what could never match, or would match something else than it says, is refused where it
 * is written.
 */

/** What is wrong with the expression, behind "the expression of …"; or how it is given to the table of routes. */
export type Constraint = { readonly problem: string } | { readonly regex: string }

const lookAround = /^\(\?<?[=!]/
const escapedCode = /^\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))/

export function constraintOf(expression: string): Constraint {
  let regex = ''
  let depth = 0
  let inClass = false
  for (let at = 0; at < expression.length; at++) {
    const rest = expression.slice(at)
    const [character = ''] = rest
    let taken = character
    let problem: string | undefined
    if (character === '\\') {
      taken = rest.slice(0, 2)
      problem = escapeProblem(rest, inClass)
    } else if (inClass) {
      if (character === ']') inClass = false
      // The table looks for the end of the expression by its parentheses alone.
      else if (character === '(' || character === ')') regex += '\\'
    } else if (character === '[') inClass = true
    else if (character === ')') {
      if (depth-- === 0) problem = 'closes a group that it does not open'
    } else if (character === '(') {
      depth++
      problem = groupProblem(rest)
    } else if (character === '^' || character === '$') problem = anchor
    problem ??= codeProblem(rest.codePointAt(0) as number)
    if (problem !== undefined) return { problem }
    regex += taken
    at += taken.length - 1
  }
  try {
    // As it is matched: the whole of it.
    void new RegExp(`^(?:${regex})$`)
  } catch (error) {
    // The reason alone: the rest quotes what nobody has written.
    const reason = (error as Error).message.replace(/^.*\/: /s, '')
    return { problem: `is no regular expression: ${reason}` }
  }
  return { regex }
}

const anchor = 'has an anchor, and is matched as a whole anyway'

function groupProblem(rest: string): string | undefined {
  if (lookAround.test(rest)) return 'looks ahead or behind'
  if (rest[1] !== '?' || rest[2] === '<') return 'has a capturing group: write "(?:…)"'
  return undefined
}

function escapeProblem(rest: string, inClass: boolean): string | undefined {
  const next = rest[1] ?? ''
  if (next === '') return 'ends in a backslash'
  if (next === 'p' || next === 'P') return `has "\\${next}", and paths have no characters but ASCII`
  if (!inClass && /[1-9k]/.test(next)) return 'refers back to a group'
  if (!inClass && /[bB]/.test(next)) return anchor
  const [, short, long] = escapedCode.exec(rest) ?? []
  const code = short ?? long
  return code === undefined ? undefined : codeProblem(Number.parseInt(code, 16))
}

function codeProblem(code: number): string | undefined {
  if (code > 0x20 && code < 0x7f) return undefined
  const character = String.fromCodePoint(code)
  // Half of a pair stands for none.
  const encoded = code >= 0xd800 && code <= 0xdfff ? '%…' : encodeURIComponent(character)
  return `has ${JSON.stringify(character)}, which paths have as ${JSON.stringify(encoded)}`
}
