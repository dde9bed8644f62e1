/** `spool get` from its arguments to its exit code. */
import { createReadStream } from 'node:fs'
import { access, constants, open, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import {
  type ClientResponse,
  ClientSession,
  type ClientSessionOptions,
  type TimeoutOptions,
} from '../../client/index.ts'
import { BrokenResourceError, SpoolError } from '../../index.ts'
import { secretNames } from '../option-values.ts'
import { BodyFile } from '../fetch/output/body-file.ts'
import type { StandardStreams } from '../standard-streams.ts'
import { UsageError } from '../usage-error.ts'
import { type GetOptions, getUsage, readGetOptions } from './options.ts'

// What curl sends, and every form on the web.
const formType = 'application/x-www-form-urlencoded'

/**
 * Runs `spool get` and returns its exit code.
 *
 * Cancellation: the connection is closed; a file that is not complete is removed.
 *
 * @throws UsageError if it cannot begin, and whatever keeps the response from coming.
 */
export async function getCommand(
  args: readonly string[],
  streams: StandardStreams,
  sessionOptions: ClientSessionOptions = {},
): Promise<number> {
  const options = readGetOptions(args)
  if (options === 'help') {
    streams.stdout.print(getUsage)
    return 0
  }
  const body = await bodyOf(options, streams)
  const headers = [...options.headers]
  const typed = headers.some(([name]) => name.toLowerCase() === 'content-type')
  if (body !== undefined && !typed) headers.push(['Content-Type', formType])
  const session = new ClientSession({
    timeout: timeoutsOf(options),
    secretHeaders: secretNames(headers),
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    ...sessionOptions,
  })
  try {
    const response = await session.request(options.method, options.url, {
      headers,
      ...(body === undefined ? {} : { body }),
    })
    try {
      await write(response, options, streams)
      return options.fail && response.status >= 400 ? 1 : 0
    } finally {
      await response[Symbol.asyncDispose]()
    }
  } finally {
    await session.close()
  }
}

// A limit that is given is the only one; without one, a download may take as long as it moves on.
function timeoutsOf({ timeout }: GetOptions): TimeoutOptions {
  return timeout === undefined
    ? { total: Infinity }
    : { total: timeout, connect: timeout, headers: timeout, idle: timeout }
}

async function bodyOf(
  { data }: GetOptions,
  streams: StandardStreams,
): Promise<string | AsyncIterable<Uint8Array> | undefined> {
  if (data?.startsWith('@') !== true) return data
  const path = data.slice(1)
  if (path === '-') return streams.stdin
  try {
    await access(path, constants.R_OK)
    return createReadStream(path)
  } catch (error) {
    const { message } = error as Error
    throw new UsageError(`Cannot read --data "${path}": ${message}`, { cause: error })
  }
}

async function write(
  response: ClientResponse,
  options: GetOptions,
  { stdout }: StandardStreams,
): Promise<void> {
  const { include, output } = options
  if (include) await stdout.write(headOf(response))
  if (output === undefined) for await (const chunk of response.body) await stdout.write(chunk)
  else await writeOutput(output, response.body)
}

async function writeOutput(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await ((await isSpecial(path)) ? writeInto : writeFile)(path, body)
  } catch (error) {
    if (SpoolError.is(error)) throw error
    const { message } = error as Error
    throw new BrokenResourceError(`Cannot write --output "${path}": ${message}`, { cause: error })
  }
}

function headOf(response: ClientResponse): Buffer {
  const { raw } = response.headers
  const lines = [`HTTP/1.1 ${response.status} ${response.reason}`]
  for (let at = 0; at < raw.length; at += 2) lines.push(`${raw[at]}: ${raw[at + 1]}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

// A terminal, a pipe, /dev/null: to be written into, and not to be replaced by a file.
async function isSpecial(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && !found.isFile()
}

async function writeFile(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const file = new BodyFile(dirname(path), basename(path))
  try {
    for await (const chunk of body) await file.write(chunk)
    await file.commit()
  } finally {
    await file.discard()
  }
}

async function writeInto(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w')
  try {
    for await (const chunk of body) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
}
