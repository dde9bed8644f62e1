import { checkpoint, taskGroup } from 'spool'
import { Application, currentRequestId, requestId, requestIdKey, text } from 'spool/server'
import { describe, expect, test } from 'vitest'

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

function application(options?: Parameters<typeof requestId>[0]): Application {
  return new Application().use(requestId(options)).get('/', async (request) => {
    await checkpoint()
    const deep = await taskGroup(async (group) => group.spawn(() => currentRequestId()))
    return text(`${request.get(requestIdKey)} ${currentRequestId()} ${deep}`)
  })
}

async function ask(app: Application, id?: string): Promise<[string | null, string]> {
  const headers = id === undefined ? {} : { 'x-request-id': id }
  const response = await app.fetch(new Request('http://a/', { headers }))
  return [response.headers.get('x-request-id'), await response.text()]
}

describe('requestId()', () => {
  test('names each request, for client and program', async () => {
    const [first, body] = await ask(application())
    expect(first).toMatch(uuid)
    expect(body).toBe(`${first} ${first} ${first}`)
    expect((await ask(application()))[0]).not.toBe(first)
    expect(currentRequestId()).toBeUndefined()
  })

  test('takes that of the request only if it is trusted and has the form', async () => {
    expect((await ask(application(), 'given'))[0]).toMatch(uuid)
    const app = application({ trust: true })
    expect((await ask(app, 'Given-1:a/b=')).join(' ')).toBe(
      'Given-1:a/b= Given-1:a/b= Given-1:a/b= Given-1:a/b=',
    )
    for (const bad of ['a b', 'x'.repeat(129), 'a,b', '<a>', 'é', '']) {
      expect((await ask(app, bad))[0]).toMatch(uuid)
    }
    const digits = application({ trust: true, form: /\d+/g, generate: () => 'made' })
    for (let round = 0; round < 2; round++) {
      expect((await ask(digits, '123'))[0]).toBe('123')
      expect((await ask(digits, 'x123'))[0]).toBe('made')
    }
  })

  test('is on errors too, under the name that it is given', async () => {
    const app = new Application().use(requestId({ header: 'x-trace', generate: () => '7' }))
    const response = await app.fetch(new Request('http://a/none'))
    expect([response.status, response.headers.get('x-trace')]).toEqual([404, '7'])
  })

  test('keeps requests at the same time apart', async () => {
    let next = 0
    const app = application({ generate: () => `id-${next++}` })
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(app)))
    for (const [id, body] of answers) expect(body).toBe(`${id} ${id} ${id}`)
  })
})
