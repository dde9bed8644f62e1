import type { Commands } from '../harness/child.ts'

/** What every server of WebSockets here does. */
export interface ServerContender {
  /** It echoes every message, and at `/room` it sends it to all who are there. Returns its port. */
  start(): number
  /** Sends a message to all at `/room`. */
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
  /** Messages in each turn of the loop. */
  together: number
  /** Milliseconds from one turn with messages to the next; 0: the very next turn. */
  pause: number
}

/** The commands of a server, for `obey()`. */
export function serverCommands(contender: ServerContender): Commands {
  return {
    start: () => contender.start(),
    broadcast: async ({ messages, bytes, together, pause }: BroadcastOrder): Promise<void> => {
      const message = 'x'.repeat(bytes)
      for (let at = 0; at < messages; at++) {
        await contender.publish(message)
        if ((at + 1) % together > 0) continue
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
        else await new Promise(setImmediate)
      }
      await new Promise(setImmediate)
    },
  }
}

export interface OpenOrder {
  port: number
  connections: number
  /** Where echoes are by default; at `/room`, what is published is got as well. */
  path?: string
}

export function clientCommands(contender: ClientContender): Commands {
  return {
    open: ({ port, connections }: OpenOrder) => contender.open(port, connections),
  }
}
