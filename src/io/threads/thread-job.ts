/** What goes to a thread, and what comes back. */
import type { MessagePort } from 'node:worker_threads'
import type { SentError } from './sent-error.ts'

/** Which function: the source of one, or an export of a module. */
export type ThreadFunction =
  | { readonly source: string }
  | { readonly module: string; readonly name: string }

export interface ThreadJob {
  readonly fn: ThreadFunction
  readonly args: readonly unknown[]
  /** Where functions among the arguments are called; undefined if there are none. */
  readonly calls: MessagePort | undefined
  /** Which of the arguments are functions of the other thread; `args` has nothing there. */
  readonly functions: readonly number[]
  /** Whether the memory of the result is handed over. */
  readonly transfersResult: boolean
}

/** What a function came to. */
export type ThreadAnswer =
  | { readonly value: unknown }
  | { readonly error: SentError; readonly unsendable?: true }

/** A call from a thread: of the argument `index`. */
export interface ThreadCallback {
  readonly id: number
  readonly index: number
  readonly args: readonly unknown[]
}

/** What came of it. */
export interface ThreadCallbackAnswer {
  readonly id: number
  readonly answer: ThreadAnswer
}
