import { obeyAsClient } from './client-driver.ts'
import { load } from './spool-module.ts'

const { ClientSession } = await load('client')
const { taskGroup } = await load('index')

obeyAsClient(
  ({ connections }) => {
    // Default options, but for the limit where it is less than what is asked for at once.
    const session = new ClientSession(connections > 100 ? { limit: connections } : {})
    return Promise.resolve((url) => session.get(url).text())
  },
  (work) => taskGroup(work),
)
