import type { Commands } from '../harness/child.ts'

/** What every server of WebSockets here does. */
export interface ServerContender {
  /** Listens, echoes every message, and returns its port. */
  start(): Promise<number>
  /** Sends a message to all who are connected. */
  publish(message: string): Promise<void> | void
}

/** What every client here does. */
export interface ClientContender {
  /** Opens connections that say nothing. */
  open(port: number, count: number): Promise<void>
}

export interface BroadcastOrder {
  messages: number
  bytes: number
}

/** The commands of a server, for `obey()`. */
export function serverCommands(contender: ServerContender): Commands {
  return {
    start: () => contender.start(),
    broadcast: async ({ messages, bytes }: BroadcastOrder): Promise<void> => {
      const message = 'x'.repeat(bytes)
      for (let at = 0; at < messages; at++) {
        await contender.publish(message)
        // One message in each turn of the loop: none shares a write with the next.
        await new Promise(setImmediate)
      }
    },
  }
}

export interface OpenOrder {
  port: number
  connections: number
}

export function clientCommands(contender: ClientContender): Commands {
  return {
    open: ({ port, connections }: OpenOrder) => contender.open(port, connections),
  }
}
