import { ClientSession, type ClientSessionOptions } from '../client/index.ts'
import { UsageError } from './usage-error.ts'

/**
 * A session for a command. `given` comes last, and is for tests.
 *
 * @throws UsageError for a proxy that is none
 */
export function newSession(
  { proxy }: { readonly proxy: string | undefined },
  ...given: readonly ClientSessionOptions[]
): ClientSession {
  const options: ClientSessionOptions = Object.assign({}, ...given)
  if (proxy === undefined) return new ClientSession(options)
  try {
    return new ClientSession({ ...options, proxy })
  } catch (error) {
    const { message } = error as Error
    throw new UsageError(message, { cause: error })
  }
}
