import { moveOnAfter } from 'spool'
import { Application, json, type ServerRequest, type StandardSchema, text } from 'spool/server'
import { describe, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { get, post } from '../../support/requests.ts'

// A body that comes in one piece with its head takes a shorter way than any other.
const body = '{"name":"Ada"}'

type Reading = (request: ServerRequest) => Promise<unknown>

const readings: [name: string, reading: Reading][] = [
  ['json()', (request) => request.json()],
  ['text()', (request) => request.text()],
  ['bytes()', async (request) => Buffer.from(await request.bytes()).toString()],
  [
    'all of them, and again',
    async (request) => {
      const first = await request.json()
      const bytes = await request.bytes()
      return [first, await request.text(), bytes.byteLength, await request.json()]
    },
  ],
  [
    'the chunks',
    async (request) => {
      let all = ''
      for await (const chunk of request.body) all += Buffer.from(chunk).toString()
      return all
    },
  ],
  [
    'json(), and then the chunks',
    async (request) => {
      await request.json()
      return [
        request.body.used,
        request.body.complete,
        tried(() => request.body[Symbol.asyncIterator]()),
      ]
    },
  ],
  [
    'the chunks, and then json()',
    async (request) => {
      request.body[Symbol.asyncIterator]()
      return request.json().catch(String)
    },
  ],
]

function tried(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return String(error)
  }
}

async function answers(reading: Reading, pieces: readonly string[]): Promise<string> {
  const server = new MemoryServer(async (request) => json(await reading(request)))
  const client = server.connect()
  for (const piece of pieces) await client.send(piece)
  const answer = client.take()
  await client.send(get('/'))
  expect(client.count, 'the connection goes on').toBe(1)
  await client.end()
  expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
  server.host.end()
  return answer.slice(answer.indexOf('\r\n\r\n'))
}

describe('A body that comes with its head', () => {
  test.each(readings)('is read like any other by %s', async (_name, reading) => {
    const request = post('/', body)
    const whole = await answers(reading, [request])
    const split = request.length - body.length
    expect(await answers(reading, [request.slice(0, split), request.slice(split)])).toBe(whole)
    const half = split + body.length / 2
    expect(await answers(reading, [request.slice(0, half), request.slice(half)])).toBe(whole)
    expect(whole).toMatch(/Ada|Cannot read/)
  })

  test('can be looked at before it is read, and read by several at once', async () => {
    const server = new MemoryServer(async (request) => {
      const { body } = request
      const looks = [Buffer.from(body.peek(4)).toString(), body.queued, body.used, body.complete]
      return json([looks, [...body.trailers], await Promise.all([request.json(), body.text()])])
    })
    const client = await server.connect().send(post('/', body))
    expect(client.take()).toContain(
      String.raw`[["{\"na",14,false,true],[],[{"name":"Ada"},"{\"name\":\"Ada\"}"]]`,
    )
    await client.end()
    server.host.end()
  })

  test('is refused by json() above the limit of the route, as it is by text()', async () => {
    const app = new Application()
      .post('/json', async (request) => json(await request.json()), { bodyLimit: 13 })
      .post('/text', async (request) => text(await request.text()), { bodyLimit: 13 })
      .post('/fits', async (request) => json(await request.json()), { bodyLimit: 14 })
    const server = new MemoryServer(app)
    const client = server.connect()
    await client.send(post('/json', body) + post('/text', body) + post('/fits', body))
    expect(client.statuses()).toEqual([413, 413, 200])
    await client.end()
    server.host.end()
  })

  test('is not given to a scope that is cancelled, and is there for the next', async () => {
    const server = new MemoryServer(async (request) => {
      // Its time is up before it begins.
      const cancelled = await moveOnAfter(0, () => request.json())
      return json([cancelled, await request.json()])
    })
    const client = await server.connect().send(post('/', body))
    expect(client.take()).toContain('[{"timedOut":true},{"name":"Ada"}]')
    await client.end()
    server.host.end()
  })

  test('is checked at once by a schema that needs no time, and waits for one that does', async () => {
    const order: string[] = []
    const schema = (late: boolean): StandardSchema<string> => ({
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => {
          order.push('checked')
          const result = { value: (value as { name: string }).name }
          return late ? Promise.resolve(result) : result
        },
      },
    })
    const faulty: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => {
          throw new Error('faulty')
        },
      },
    }
    const server = new MemoryServer(async (request) => {
      const name = request.json(schema(false))
      order.push('asked')
      const late = request.json(schema(true))
      const failure = await request.json(faulty).catch(String)
      return json([await name, await late, failure])
    })
    const client = await server.connect().send(post('/', body))
    expect(client.take()).toContain('["Ada","Ada","Error: faulty"]')
    expect(order.slice(0, 2)).toEqual(['checked', 'asked'])
    await client.end()
    server.host.end()
  })
})
