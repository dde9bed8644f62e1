/** Standard input, output and error of this process, as streams that await. */
import { ByteStream } from '../streams/byte-stream.ts'
import { StandardTransport } from './standard-transport.ts'
import { checkNames, type Names } from '../../util/known-names.ts'

export interface StandardStreamOptions {
  /**
   * Whether `close()` closes the descriptor of the process too, so that the other end sees the end of what was
   * written. Default false: others read from it and print to it.
   */
  closeDescriptor?: boolean
}

const optionNames: Names<StandardStreamOptions> = { closeDescriptor: true }
const open: (ByteStream | undefined)[] = []

/**
 * Standard input: a file, a pipe or a terminal. It is read only while somebody waits for it, and does not keep the
 * program running otherwise. As long as it is not closed, each call gives the same stream; bytes that were read ahead
 * when it is closed are lost.
 *
 * ```ts no-run
 * await using input = stdin()
 * for await (const line of input.lines()) await stdout().write(`${line.toUpperCase()}\n`)
 * ```
 */
export function stdin(options: StandardStreamOptions = {}): ByteStream {
  return standardStream(0, options)
}

/**
 * Standard output. `write()` waits while its reader takes less than is written, and throws BrokenResourceError when
 * it has left, as `head` does. `close()` waits until all is written. What `console.log()` prints comes in order with it.
 */
export function stdout(options: StandardStreamOptions = {}): ByteStream {
  return standardStream(1, options)
}

/** Standard error; as `stdout()`. */
export function stderr(options: StandardStreamOptions = {}): ByteStream {
  return standardStream(2, options)
}

function standardStream(descriptor: 0 | 1 | 2, options: StandardStreamOptions): ByteStream {
  checkNames(options, optionNames, 'a standard stream')
  const known = open[descriptor]
  if (known?.closed === false) return known
  const closes = options.closeDescriptor === true ? descriptor : undefined
  const side =
    descriptor === 0
      ? { readable: process.stdin }
      : { writable: descriptor === 1 ? process.stdout : process.stderr }
  const transport = new StandardTransport({ ...side, closes })
  // No reading ahead: who waits for nothing must not be kept from ending.
  const stream = new ByteStream(transport, { highWaterMark: 0 })
  open[descriptor] = stream
  return stream
}
