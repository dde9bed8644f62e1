// What the contenders of Spool's client have in common: workers in a group that ask one session.
import type { ClientSession, ClientSessionOptions } from '../src/client/index.ts'
import { obeyAsClient } from './client-driver.ts'
import { load } from './spool-module.ts'

/** `prepare` is given the session before it is used. */
export async function obeyAsSpool(
  options: ClientSessionOptions = {},
  prepare: (session: ClientSession, port: number) => void = () => undefined,
): Promise<void> {
  const { ClientSession } = await load('client')
  const { taskGroup } = await load('index')
  obeyAsClient(
    ({ connections, port }) => {
      // Default options, but for the limit where it is less than what is asked for at once.
      const limit = connections > 100 ? { limit: connections } : {}
      const session = new ClientSession({ ...options, ...limit })
      prepare(session, port)
      return Promise.resolve((url) => session.get(url).text())
    },
    (work) => taskGroup(work),
  )
}
