// The fetch that Node.js comes with; it opens as many connections as requests are under way.
import { obeyAsClient } from './client-driver.ts'

obeyAsClient(() =>
  Promise.resolve(async (url) => {
    const response = await fetch(url)
    return response.text()
  }),
)
