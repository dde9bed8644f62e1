import { Agent, request } from 'undici'
import { obeyAsClient } from '../client-driver.ts'

obeyAsClient(({ connections }) => {
  const dispatcher = new Agent({ connections })
  return Promise.resolve(async (url) => {
    const { body } = await request(url, { dispatcher })
    return body.text()
  })
})
