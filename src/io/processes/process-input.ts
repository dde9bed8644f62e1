import { SpoolError } from '../../util/error.ts'
import type { ByteStream } from '../streams/byte-stream.ts'

/** What can be written to a process; strings as UTF-8. */
export type ProcessInput =
  | string
  | Uint8Array
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>

/** Writes all of the input and ends. A process that does not want to read it all is no failure. */
export async function writeInput(
  stdin: ByteStream | undefined,
  input: ProcessInput | undefined,
): Promise<void> {
  if (stdin === undefined) {
    if (input === undefined) return
    throw new TypeError('Cannot write input: the standard input of the process is no pipe')
  }
  try {
    if (input !== undefined) await writeAll(stdin, input)
  } catch (error) {
    if (!SpoolError.hasCode(error, 'SPOOL_BROKEN')) throw error
  } finally {
    stdin.end()
  }
}

async function writeAll(stdin: ByteStream, input: ProcessInput): Promise<void> {
  if (typeof input === 'string' || input instanceof Uint8Array) await stdin.write(input)
  else for await (const piece of input) await stdin.write(piece)
}
