/** The file in which `ftp`, curl and others look for names and passwords: `~/.netrc`. */
import type { BasicCredentials } from './credentials.ts'

interface Entry {
  /** Undefined: for every machine. */
  readonly machine: string | undefined
  readonly login: string
  readonly password: string
}

export class Netrc {
  readonly #entries: readonly Entry[]

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries
  }

  /** Reads the text of such a file; what it does not know, it leaves out. */
  static parse(text: string): Netrc {
    const words = wordsOf(text)
    const entries: Entry[] = []
    let at = 0
    const next = (): string => words[at++] ?? ''
    while (at < words.length) {
      const word = next()
      if (word !== 'machine' && word !== 'default') continue
      const machine = word === 'default' ? undefined : next().toLowerCase()
      let login = ''
      let password = ''
      for (; at < words.length && words[at] !== 'machine' && words[at] !== 'default';) {
        const name = next()
        if (name === 'login') login = next()
        else if (name === 'password') password = next()
        else if (name === 'account') next()
      }
      entries.push({ machine, login, password })
    }
    return new Netrc(entries)
  }

  /** The first entry for this host, in lower case, or else the default. */
  find(hostname: string): BasicCredentials | undefined {
    const found =
      this.#entries.find(({ machine }) => machine === hostname) ??
      this.#entries.find(({ machine }) => machine === undefined)
    return found && { username: found.login, password: found.password }
  }
}

// Words and quoted words; `#` at the start of one begins a comment, and `macdef` a macro, which goes to
// the next empty line.
function wordsOf(text: string): string[] {
  const plain = text
    .replaceAll('\r\n', '\n')
    .replaceAll(/^[\t ]*macdef\b[^\n]*\n(?:[^\n]+(?:\n|$))*/gm, '')
  const words: string[] = []
  for (const [word, quoted] of plain.matchAll(/"((?:[^"\\\n]|\\.)*)"|#[^\n]*|[^\s"#][^\s]*/g)) {
    if (quoted !== undefined) words.push(quoted.replaceAll(/\\(.)/g, '$1'))
    else if (!word.startsWith('#')) words.push(word)
  }
  return words
}
