/** One WebSocket after the other, for a client that is to stay connected. */
import { TimeoutError } from '../../concurrency/errors.ts'
import type { WebSocketConnection } from '../../http/websocket/websocket-connection.ts'
import { ConnectError } from '../../io/errors.ts'
import { ResponseError, TransferError } from '../errors.ts'
import { checkKinds } from '../../util/option-kinds.ts'
import { atLeast } from '../request/request-options.ts'
import type { WebSocketRequestOptions } from './websocket-request.ts'

export interface ReconnectOptions {
  /** Failures in a row that are borne; the next one is thrown. Default `Infinity`. */
  attempts?: number
  /**
   * How long is waited after the first failure or end, in milliseconds; twice as long after each more, in
   * a row, and at random between half of that and all of it. Default 500.
   */
  delay?: number
  /** The longest wait. Default 30,000. */
  maxDelay?: number
}

export interface ReconnectingOptions extends WebSocketRequestOptions {
  reconnect?: ReconnectOptions
}

/** `open` makes one connection, `pause` waits until the next is to be made. */
export async function* reconnecting(
  open: () => Promise<WebSocketConnection>,
  options: ReconnectOptions = {},
  pause: (delay: number) => Promise<void>,
): AsyncGenerator<WebSocketConnection, void, undefined> {
  checkKinds(options, { attempts: 'any', delay: 'any', maxDelay: 'any' }, '"reconnect"')
  const { attempts = Infinity, delay = 500, maxDelay = 30_000 } = options
  for (const [name, value] of Object.entries({ attempts, delay, maxDelay })) {
    atLeast(0, name, value)
  }
  for (let failures = 0; ;) {
    let ws: WebSocketConnection | undefined
    try {
      ws = await open()
    } catch (error) {
      if (!isTemporary(error) || failures >= attempts) throw error
    }
    if (ws !== undefined) {
      try {
        yield ws
      } finally {
        await ws.close()
      }
      // Whoever accepts a connection and says nothing may be as broken as one that refuses.
      if (ws.statistics().messagesReceived > 0) failures = 0
    }
    failures++
    await pause(waitAfter(failures, delay, maxDelay))
  }
}

function waitAfter(failures: number, delay: number, maxDelay: number): number {
  // So many clients that lost one server don't come back all at once.
  const longest = Math.min(delay * 2 ** Math.min(failures - 1, 30), maxDelay)
  return longest * (0.5 + Math.random() / 2)
}

function isTemporary(error: unknown): boolean {
  if (ConnectError.is(error) || TransferError.is(error)) return true
  if (TimeoutError.is(error)) return error.phase !== 'scope'
  if (!ResponseError.is(error)) return false
  return error.status >= 500 || error.status === 408 || error.status === 429
}
