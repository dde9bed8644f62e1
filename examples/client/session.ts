// A client session: GET with a query, POST of JSON, a status that is an error.
import { run } from 'spool'
import { ClientSession, ResponseError } from 'spool/client'
import { Application, json, serve } from 'spool/server'

interface User {
  id: number
  name: string
}

const users: User[] = [{ id: 1, name: 'Ada' }]

const app = new Application()
  .get('/users', ({ query }) => {
    const name = query.get('name')
    return json(users.filter((user) => name === null || user.name === name))
  })
  .post('/users', async (request) => {
    const { name } = (await request.json()) as { name: string }
    const user = { id: users.length + 1, name }
    users.push(user)
    return json(user, { status: 201 })
  })

await run(async () => {
  await using server = await serve(app, { port: 0 })
  await using session = new ClientSession({ baseUrl: server.url, timeout: 5_000 })

  await using created = await session.post('/users', { json: { name: 'Grace' } })
  console.log(created.status, await created.text())

  const found = await session.get('/users', { query: { name: 'Grace' } }).json<User[]>()
  console.log(`${found[0]?.name} has number ${found[0]?.id}`)

  try {
    await session.get('/nowhere', { raiseForStatus: true })
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error
    console.log(`failed with ${error.status}`)
  }
})
