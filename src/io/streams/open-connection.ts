import { checkOptions } from '../../concurrency/scope/arguments.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { connect, connectNames, type ConnectOptions } from '../connect.ts'
import { ByteStream, byteStreamNames, type ByteStreamOptions } from './byte-stream.ts'

/** Where to connect to, and how the stream is to be. */
export interface OpenConnectionOptions extends ConnectOptions, ByteStreamOptions {}

export const openConnectionNames: Names<OpenConnectionOptions> = {
  ...connectNames,
  ...byteStreamNames,
}

/**
 * Connects over TCP, a Unix socket or TLS.
 *
 * ```ts
 * await using server = await startServer({ host: '127.0.0.1' }, async (client) => {
 *   for await (const line of client.lines()) await client.write(`${line.toUpperCase()}\n`)
 * })
 * await using connection = await openConnection({ host: '127.0.0.1', port: server.port })
 * await connection.write('hello\n')
 * console.log(await connection.readLine()) // → HELLO
 * ```
 *
 * Cancellation: what was opened is destroyed.
 *
 * @throws ConnectError with the phase and every address that was tried
 * @throws TimeoutError of phase `connect`
 */
export async function openConnection(options: OpenConnectionOptions): Promise<ByteStream> {
  checkOptions('connection', options, "{ host: 'localhost', port: 80 }")
  checkNames(options, openConnectionNames, 'openConnection()')
  return new ByteStream(await connect(options), options)
}
