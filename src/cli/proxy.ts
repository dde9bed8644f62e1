import { ClientSession } from '../client/index.ts'
import { UsageError } from './usage-error.ts'

/** The `--proxy` of a command, as sessions take it; undefined if the option is absent. */
export function readProxy(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  try {
    // Nobody else knows what a proxy is; a session that has done nothing has nothing to close.
    void new ClientSession({ proxy: value }).close()
    return value
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}
