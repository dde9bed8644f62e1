// The protocol of Redis, RESP 2: a type, a length or a value, CR LF. https://redis.io/docs/latest/develop/reference/protocol-spec/
import type { ByteStream } from 'spool/io'

/** What the server answers with when it refuses a command; the connection goes on. */
export class RedisError extends Error {
  override readonly name = 'RedisError'

  /** The first word of the message, such as `WRONGTYPE`. */
  get kind(): string {
    return this.message.split(' ', 1)[0] ?? ''
  }
}

/** What the server says breaks the protocol: the connection can't be gone on with. */
export class RespError extends Error {
  override readonly name = 'RespError'
}

export type Reply = Uint8Array | string | number | null | RedisError | Reply[]

export type Argument = string | number | Uint8Array

// Redis itself allows 512 MB for a value. Whoever wants those reads them in pieces.
const longestValue = 64 * 1024 * 1024
const longestArray = 1_000_000
const deepestArray = 8

/** Commands as the server reads them: an array of values each, which may hold any bytes. */
export function encode(commands: readonly (readonly Argument[])[]): Buffer {
  const pieces: Uint8Array[] = []
  for (const command of commands) {
    pieces.push(Buffer.from(`*${command.length}\r\n`))
    for (const argument of command) {
      const bytes = argument instanceof Uint8Array ? argument : Buffer.from(String(argument))
      pieces.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
    }
  }
  return Buffer.concat(pieces)
}

/** The next reply. */
export async function readReply(stream: ByteStream, depth = 0): Promise<Reply> {
  const line = await stream.readLine()
  if (line === undefined) throw new RespError('Reading a reply failed: the server has left')
  const [type, rest] = [line.slice(0, 1), line.slice(1)]
  switch (type) {
    case '+':
      return rest
    case '-':
      return new RedisError(rest)
    case ':':
      return integer(rest, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    case '$':
      return readValue(stream, integer(rest, -1, longestValue))
    case '*':
      return readArray(stream, integer(rest, -1, longestArray), depth)
    default:
      throw new RespError(`Reading a reply failed: ${JSON.stringify(line)} begins with no type`)
  }
}

async function readValue(stream: ByteStream, length: number): Promise<Uint8Array | null> {
  if (length < 0) return null
  const bytes = await stream.readExactly(length + 2)
  if (bytes[length] !== 13 || bytes[length + 1] !== 10) {
    throw new RespError(`Reading a reply failed: no line ends behind ${length} bytes`)
  }
  return bytes.subarray(0, length)
}

async function readArray(stream: ByteStream, length: number, depth: number): Promise<Reply> {
  if (length < 0) return null
  if (depth === deepestArray) throw new RespError('Reading a reply failed: too many arrays in one')
  const replies: Reply[] = []
  while (replies.length < length) replies.push(await readReply(stream, depth + 1))
  return replies
}

function integer(text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^[+-]?\d+$/.test(text) && value >= least && value <= most) return value
  throw new RespError(
    `Reading a reply failed: ${JSON.stringify(text)} is no number that is allowed`,
  )
}
