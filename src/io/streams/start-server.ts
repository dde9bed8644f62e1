import { checkFunction, checkOptions } from '../../concurrency/scope/arguments.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { listen, listenNames, type ListenOptions } from '../listener.ts'
import { type ByteStream, byteStreamNames, type ByteStreamOptions } from './byte-stream.ts'
import { StreamServer } from './stream-server.ts'

/** Serves one connection; the stream is closed when it ends, however it ends. */
export type StreamHandler = (stream: ByteStream) => unknown

export interface StartServerOptions extends ListenOptions, ByteStreamOptions {
  /**
   * Told what a handler throws; the connection of that handler is aborted, and the others go on. By default
   * the error goes to the task group around `startServer()`, which then fails with it.
   */
  onError?: (error: unknown, stream: ByteStream) => void
}

export const startServerNames: Names<StartServerOptions> = {
  ...listenNames,
  ...byteStreamNames,
  onError: true,
}

/**
 * Listens on a TCP port or a Unix socket, with or without TLS, and runs `handler` for each connection, in a task
 * of its own.
 *
 * ```ts
 * const greet = async (client: ByteStream) => {
 *   await client.write(`Hello, ${await client.readLine()}!\n`)
 * }
 * await using server = await startServer({ host: '127.0.0.1' }, greet)
 * await using connection = await openConnection({ host: '127.0.0.1', port: server.port })
 * await connection.writeLines(['Ada'])
 * console.log(await connection.readLine()) // → Hello, Ada!
 * ```
 *
 * Cancellation: nothing is listened on. Later, when the scope that started it is cancelled, the server is closed
 * and its handlers are cancelled.
 *
 * @throws ListenError if the address can't be had
 */
export async function startServer(
  options: StartServerOptions,
  handler: StreamHandler,
): Promise<StreamServer> {
  checkOptions('server', options, '{ port: 8080 }')
  checkNames(options, startServerNames, 'startServer()')
  checkFunction('start a server', handler)
  const server = new StreamServer(options, handler)
  try {
    server.listensOn(await listen(options, (transport) => server.accept(transport)))
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}
