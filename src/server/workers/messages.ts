// What a worker and the process that started it tell each other.
import type { ServerStatistics } from '../server.ts'

/** What a worker is told when it is started. */
export interface WorkerBrief {
  /** For each address the port, where it was left to the system. */
  readonly ports: readonly (number | null)[]
}

/** To a worker: come to an end; requests may run for `left` milliseconds more. */
export interface ToWorker {
  readonly spool: 'close'
  /** Null: for as long as they like. */
  readonly left: number | null
}

export type FromWorker =
  | {
      readonly spool: 'listening'
      readonly port: number
      readonly url: string
      readonly urls: readonly string[]
    }
  | { readonly spool: 'failed'; readonly message: string }
  | { readonly spool: 'statistics'; readonly statistics: ServerStatistics }

/** Programs may send messages of their own. */
export function isToWorker(message: unknown): message is ToWorker {
  return tagOf(message) === 'close'
}

export function isFromWorker(message: unknown): message is FromWorker {
  const tag = tagOf(message)
  return tag === 'listening' || tag === 'failed' || tag === 'statistics'
}

function tagOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null
    ? (message as { spool?: unknown }).spool
    : undefined
}
