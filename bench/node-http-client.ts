import { Agent, get } from 'node:http'
import { obeyAsClient } from './client-driver.ts'

obeyAsClient(({ connections }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
  return Promise.resolve(
    (url) =>
      new Promise((resolve, reject) => {
        const request = get(url, { agent }, (response) => {
          let body = ''
          response.setEncoding('utf8')
          response.on('data', (text: string) => (body += text))
          response.on('end', () => resolve(body))
          response.on('error', reject)
        })
        request.on('error', reject)
      }),
  )
})
