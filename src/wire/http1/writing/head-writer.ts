/**
 * Writes heads. Whatever is sent is held to the rules by which we read: nothing that a name, a value, a
 * target or a reason holds can end its line, and no head says two things about its body.
 *
 * The text is latin1: each character is one byte on the wire.
 */
import { ProtocolError } from '../../errors.ts'
import { isAuthority } from '../head/authority.ts'
import {
  consistsOf,
  digitBytes,
  HTAB,
  isToken,
  quoted,
  SP,
  targetBytes,
  tokenBytes,
  valueBytes,
} from '../grammar.ts'
import type { FieldList, MinorVersion } from '../messages.ts'
import { reasonPhrases } from './reason-phrases.ts'

/**
 * A request head, up to and including its empty line.
 *
 * `target` is sent as it is: it must be visible ASCII without `#`.
 *
 * @throws ProtocolError `local` if a part could be read as something else than what it is, `Host` is not
 *   there exactly once, or the framing is not one of no field, a length, or `chunked`
 */
export function writeRequestHead(method: string, target: string, fields: FieldList): string {
  if (!isToken(method)) throw unwritable(`Method ${quoted(method)} is not a token`)
  if (target === '' || !isTarget(target)) {
    throw unwritable(`Request target ${quoted(target)} is not visible ASCII without "#"`)
  }
  const marks = checked(fields)
  if (marks.hosts !== 1) throw unwritable(`Request has ${marks.hosts} Host fields instead of one`)
  return `${method} ${target} HTTP/1.1\r\n${marks.text}\r\n`
}

/**
 * A response head, up to and including its empty line. `reason` defaults to the registered phrase.
 *
 * The version is 1.1 even for a client of 1.0: RFC 9110 §2.5 has a server say what it is able to.
 *
 * @throws ProtocolError `local` if a part could be read as something else than what it is, or the framing is
 *   none that the status and the version allow
 */
export function writeResponseHead(
  status: number,
  reason: string | undefined,
  fields: FieldList,
  minorVersion: MinorVersion = 1,
): string {
  const marks = checked(fields)
  if (status < 200 || status === 204) {
    // RFC 9110 §8.6, RFC 9112 §6.1: "A server MUST NOT send" either field in 1xx and 204.
    if (marks.length || marks.chunked) {
      throw unwritable(`Response with status ${status} can't have a body`)
    }
  }
  if (marks.chunked && minorVersion === 0) {
    throw unwritable('Response of HTTP/1.0 has a Transfer-Encoding')
  }
  return statusLine(status, reason, minorVersion) + marks.text + '\r\n'
}

const knownStatusLines = new Map<number, string>()

function statusLine(status: number, reason: string | undefined, minorVersion: number): string {
  if (reason === undefined && minorVersion === 1) {
    const known = knownStatusLines.get(status)
    if (known !== undefined) return known
  }
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw unwritable(`Status ${status} is not an integer from 100 to 599`)
  }
  const phrase = reason ?? reasonPhrases[status] ?? ''
  if (!consistsOf(valueBytes, phrase)) {
    throw unwritable(`Reason phrase ${quoted(phrase)} has a control or a character beyond latin1`)
  }
  const line = `HTTP/1.${minorVersion} ${status} ${phrase}\r\n`
  if (reason === undefined && minorVersion === 1) knownStatusLines.set(status, line)
  return line
}

/**
 * Field lines, as they stand in a head or a trailer section, without the empty line.
 *
 * @throws ProtocolError `local` if a name is no token or a value holds a control or a character beyond
 *   latin1
 */
export function writeFields(fields: FieldList): string {
  let text = ''
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    const value = fields[i + 1]!
    checkField(name, value)
    text += `${name}: ${value}\r\n`
  }
  return text
}

interface CheckedFields {
  text: string
  hosts: number
  length: boolean
  chunked: boolean
}

function checked(fields: FieldList): CheckedFields {
  let text = ''
  let hosts = 0
  let length = false
  let chunked = false
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    const value = fields[i + 1]!
    checkField(name, value)
    text += `${name}: ${value}\r\n`
    const size = name.length
    if (size === 14) {
      if (name.toLowerCase() !== 'content-length') continue
      if (length) throw unwritable('Field "Content-Length" is repeated')
      if (value === '' || !consistsOf(digitBytes, value) || !Number.isSafeInteger(Number(value))) {
        throw unwritable(`Content-Length ${quoted(value)} is not a length`)
      }
      length = true
    } else if (size === 17) {
      if (name.toLowerCase() !== 'transfer-encoding') continue
      if (chunked || value !== 'chunked') {
        throw unwritable('Transfer-Encoding can only be "chunked", once')
      }
      chunked = true
    } else if (size === 4 && name.toLowerCase() === 'host') {
      hosts++
      if (!isAuthority(value, 0, value.length))
        throw unwritable(`Host ${quoted(value)} is not a host`)
    }
  }
  if (length && chunked) throw unwritable('Message has both Content-Length and Transfer-Encoding')
  return { text, hosts, length, chunked }
}

function checkField(name: string, value: string): void {
  if (name === '') throw unwritable('Field without a name')
  for (let i = 0; i < name.length; i++) {
    if (tokenBytes[name.charCodeAt(i)] !== 1) {
      throw unwritable(`Field name ${quoted(name)} is not a token`)
    }
  }
  const size = value.length
  for (let i = 0; i < size; i++) {
    if (valueBytes[value.charCodeAt(i)] !== 1) {
      throw unwritable(
        `Field ${quoted(name)} has the value ${quoted(value)}, with a control or beyond latin1`,
      )
    }
  }
  // Who reads it strips them (RFC 9110 §5.5), so it would not arrive as it was given.
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(size - 1))) {
    throw unwritable(`Field ${quoted(name)} has blanks around its value ${quoted(value)}`)
  }
}

function isBlank(code: number): boolean {
  return code === SP || code === HTAB
}

function isTarget(target: string): boolean {
  // `\` is fine where it is the caller's: only what is read must not be mistaken.
  return consistsOf(targetBytes, target.includes('\\') ? target.replaceAll('\\', '') : target)
}

/** We were about to break the rules. */
export function unwritable(message: string): ProtocolError {
  return new ProtocolError('local', message)
}
