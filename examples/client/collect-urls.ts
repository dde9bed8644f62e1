// Many URLs at once, ten at a time; what came of each in a list.
import { Pool, run } from 'spool'
import { ClientSession } from 'spool/client'
import { Application, HTTPError, serve, text } from 'spool/server'

const app = new Application().get('/pages/{number}', ({ params }) => {
  if (params.number === '13') throw new HTTPError(404)
  return text(`page ${params.number}`)
})

await run(async () => {
  await using server = await serve(app, { port: 0 })
  await using session = new ClientSession({ baseUrl: server.url })
  await using pool = new Pool({ limit: 10 })

  const paths = Array.from({ length: 50 }, (_, index) => `/pages/${index}`)
  const results = await pool.map(paths, async (path) => {
    await using response = await session.get(path)
    return { path, status: response.status, text: await response.text() }
  })

  const found = results.filter(({ status }) => status === 200)
  console.log(`${found.length} of ${results.length} found`)
  console.log(`the first: ${found[0]?.text}, the last: ${found.at(-1)?.text}`)
  console.log(`missing: ${results.find(({ status }) => status === 404)?.path}`)
  console.log(`at most 10 connections: ${server.statistics().connections <= 10}`)
})
