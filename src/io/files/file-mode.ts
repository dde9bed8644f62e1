/** How a file is opened, as Python and Node.js write it. */
import { show } from '../../concurrency/scope/arguments.ts'

/**
 * `r` read; `r+` read and write; `w` write, made anew or emptied; `x` write, and it must be new; `a` append;
 * with `+` reading too. `b` and `t` of Python are taken and mean nothing: bytes or text is a matter of the method.
 */
export type FileMode = 'r' | 'r+' | 'w' | 'w+' | 'x' | 'x+' | 'a' | 'a+'

const flags = new Map<string, string>([
  ['r', 'r'],
  ['r+', 'r+'],
  ['w', 'w'],
  ['w+', 'w+'],
  ['x', 'wx'],
  ['wx', 'wx'],
  ['x+', 'wx+'],
  ['wx+', 'wx+'],
  ['a', 'a'],
  ['a+', 'a+'],
  ['ax', 'ax'],
  ['ax+', 'ax+'],
])

export interface FileAccess {
  /** As `node:fs` has them. */
  readonly flags: string
  readonly reads: boolean
  readonly writes: boolean
  readonly appends: boolean
}

export function accessOf(mode: unknown): FileAccess {
  const known = typeof mode === 'string' ? flags.get(mode.replace(/[bt]/, '')) : undefined
  if (known === undefined) {
    const modes = 'r, r+, w, w+, x, x+, a or a+'
    throw new TypeError(`Cannot open a file with mode ${show(mode)}: expected ${modes}`)
  }
  const plus = known.endsWith('+')
  return {
    flags: known,
    reads: plus || known === 'r',
    writes: known !== 'r',
    appends: known.startsWith('a'),
  }
}
