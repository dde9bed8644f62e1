/** One URL of the list from its line to its report. */
export interface Job {
  /** 1-based place among the URLs of the input. */
  readonly index: number
  /** As it was written. Thousands of these wait, so none keeps a `URL`, ten times as large. */
  readonly text: string
  /** Whose limit it counts against: scheme, host and port. */
  readonly host: string
  /** How many attempts have begun. */
  attempts: number
  /** When the first attempt began. */
  began: number
  /** While it waits for a retry: when that is due. */
  due: number
  /** The next in the queue of the host. */
  next: Job | undefined
}

export function newJob(index: number, text: string, host: string): Job {
  return { index, text, host, attempts: 0, began: 0, due: 0, next: undefined }
}
