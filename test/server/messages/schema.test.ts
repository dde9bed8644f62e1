import { Application, json, type StandardSchema, validate } from 'spool/server'
import { expect, expectTypeOf, test } from 'vitest'

interface User {
  name: string
  age: number
}

// As a library would make it.
const user: StandardSchema<User> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const { name, age } = value as Record<string, unknown>
      const issues = [
        ...(typeof name === 'string' ? [] : [{ message: 'Expected a string', path: ['name'] }]),
        ...(typeof age === 'number'
          ? []
          : [{ message: 'Expected a number', path: [{ key: 'age' }] }]),
      ]
      return issues.length > 0 ? { issues } : { value: { name: String(name), age: Number(age) } }
    },
  },
}

const late: StandardSchema<string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => ({ value: `late ${String(value)}` }),
  },
}

const app = new Application()
  .post('/users', async (request) => {
    const body = await request.json(user)
    expectTypeOf(body).toEqualTypeOf<User>()
    return json(body)
  })
  .post('/late', async (request) => json(await request.json(late)))
  .post('/any', async (request) => json(await request.json()))

function post(path: string, body: string, type?: string): Promise<Response> {
  const headers = type === undefined ? {} : { 'content-type': type }
  const bytes = new TextEncoder().encode(body)
  return app.fetch(new Request(`http://a${path}`, { method: 'POST', body: bytes, headers }))
}

test('json() gives what the schema makes of the body', async () => {
  const response = await post('/users', '{"name":"Ada","age":36,"admin":true}')
  expect(await response.json()).toEqual({ name: 'Ada', age: 36 })
  expect(await (await post('/late', '1')).json()).toBe('late 1')
})

test('json() answers 422 with the list of issues', async () => {
  const response = await post('/users', '{"name":1}')
  expect(response.status).toBe(422)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toEqual({
    title: 'Unprocessable Content',
    status: 422,
    detail: 'The body does not match what is expected',
    issues: [
      { message: 'Expected a string', path: ['name'] },
      { message: 'Expected a number', path: ['age'] },
    ],
  })
})

test.each([
  ['application/json', 200],
  ['application/json; charset=utf-8', 200],
  ['application/vnd.api+json', 200],
  [undefined, 200],
  ['text/plain', 415],
  ['application/x-www-form-urlencoded', 415],
  ['application/jsonx', 415],
])('json() of a body of type %j: %d', async (type, status) => {
  expect((await post('/any', '1', type)).status).toBe(status)
})

test('json() answers 400 for what is no JSON, before the schema sees it', async () => {
  expect((await post('/users', '{')).status).toBe(400)
})

test('validate() tells 100 issues at most, and names symbols', async () => {
  const path = [Symbol('a')]
  const issues = Array.from({ length: 1_000 }, () => ({ message: 'bad', path }))
  const none: StandardSchema = {
    '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) },
  }
  const failure = await validate(none, 1, 'query').catch((error: unknown) => error)
  expect(failure).toMatchObject({
    status: 422,
    message: 'The query does not match what is expected',
  })
  const { problem } = failure as { problem: { issues: unknown[] } }
  expect(problem.issues).toHaveLength(100)
  expect(problem.issues[0]).toEqual({ message: 'bad', path: ['Symbol(a)'] })
})
