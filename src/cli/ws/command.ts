/** `spool ws` from its arguments to its exit code. */
import { ClientSession, type ClientSessionOptions } from '../../client/index.ts'
import { checkpoint, currentScope, now, shield } from '../../index.ts'
import { secretNames } from '../option-values.ts'
import type { StandardStreams } from '../standard-streams.ts'
import { Conversation } from './conversation.ts'
import { readWSOptions, type WSOptions, wsUsage } from './options.ts'

// For the peer to answer a close frame, so that Ctrl-C is not felt to do nothing.
const closeTimeout = 2_000

/**
 * Runs `spool ws` and returns its exit code.
 *
 * Cancellation: the connection is closed with 1001, and the answer waited for, two seconds at most.
 *
 * @throws UsageError if it cannot begin, what keeps the connection from opening, and what it was closed with
 *   if that is neither 1000 nor 1001
 */
export async function wsCommand(
  args: readonly string[],
  streams: StandardStreams,
  sessionOptions: ClientSessionOptions = {},
): Promise<number> {
  const options = readWSOptions(args)
  if (options === 'help') {
    streams.stdout.print(wsUsage)
    return 0
  }
  const { signal } = currentScope()
  try {
    // A WebSocket is dropped with the scope that it was opened in; this one is to say goodbye.
    return await shield(() => talk(options, streams, sessionOptions, signal))
  } finally {
    await checkpoint()
  }
}

async function talk(
  options: WSOptions,
  streams: StandardStreams,
  sessionOptions: ClientSessionOptions,
  interrupted: AbortSignal,
): Promise<number> {
  const { url, headers, subprotocols, compress, maxSize, timeout = 60_000, proxy } = options
  const session = new ClientSession({
    ...(proxy === undefined ? {} : { proxy }),
    ...sessionOptions,
  })
  const giveUp = (): void => void session.close({ deadline: now() })
  interrupted.addEventListener('abort', giveUp)
  try {
    const ws = await session.websocket(url, {
      headers: [...headers],
      secretHeaders: secretNames(headers),
      subprotocols,
      compression: compress,
      maxMessageSize: maxSize,
      closeTimeout,
      timeout: { total: timeout, connect: timeout, headers: timeout },
    })
    interrupted.removeEventListener('abort', giveUp)
    // Who looks at it wants to know when to type.
    if (streams.stderr.isTTY) {
      const chosen = ws.subprotocol === undefined ? '' : `, subprotocol ${ws.subprotocol}`
      streams.stderr.print(`connected to ${url}${chosen}\n`)
    }
    return (await new Conversation(ws, options, streams).run(interrupted)) ? 0 : 1
  } finally {
    interrupted.removeEventListener('abort', giveUp)
    await session.close()
  }
}
