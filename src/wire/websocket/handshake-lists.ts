/** The lists that a handshake holds: extensions with parameters, and names of subprotocols (RFC 6455 §9.1, §4.1). */
import { isToken } from '../http1/grammar.ts'

/** Parameters by name, each with its values: a token, or true where there is none. */
export type ExtensionParameters = Readonly<Record<string, readonly (string | true)[]>>

// One name, of an extension or of a parameter, with its value and what stands behind it. What is quoted must
// be a token, too, "after quoted-string unescaping".
const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]"
const element = new RegExp(
  `[ \\t]*(${token}+)(?:=(?:(${token}+)|"((?:\\\\?${token})+)"))?[ \\t]*([,;]|$)`,
  'y',
)

/** Each extension with its parameters, as often and in the order in which they stand there; undefined for what is no list. */
export function parseExtensions(
  header: string,
): (readonly [name: string, parameters: ExtensionParameters])[] | undefined {
  const extensions: [string, Record<string, (string | true)[]>][] = []
  let begins = true
  let at = 0
  for (;;) {
    element.lastIndex = at
    const match = element.exec(header)
    if (match === null) return undefined
    const [whole, name, value, quoted, separator] = match
    at += whole.length
    const given = value ?? quoted?.replaceAll('\\', '')
    if (begins) {
      // An extension is a name alone.
      if (given !== undefined) return undefined
      extensions.push([name!, Object.create(null) as Record<string, (string | true)[]>])
    } else {
      const parameters = extensions.at(-1)![1]
      ;(parameters[name!] ??= []).push(given ?? true)
    }
    if (separator === '') return extensions
    begins = separator === ','
  }
}

/** Names, in their order; undefined for what is no list of them, or has one twice. */
export function parseNames(header: string): string[] | undefined {
  const names = header.split(',').map((name) => name.replaceAll(/^[ \t]+|[ \t]+$/g, ''))
  return names.every(isToken) && new Set(names).size === names.length ? names : undefined
}
