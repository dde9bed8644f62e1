import { expect, test } from 'vitest'
import { compose, type Middleware } from '../../src/http/middleware.ts'

const around =
  (name: string): Middleware<string, string> =>
  async (request, next) =>
    `${name}(${await next(`${request}${name}`)})`

test('compose() runs the first middleware outermost', async () => {
  const handle = compose([around('a'), around('b')], (request) => `<${request}>`)
  expect(await handle('r')).toBe('a(b(<rab>))')
})

test('compose() of none is the handler itself', () => {
  expect(compose([], String)).toBe(String)
})

test('compose() lets a middleware answer by itself and go on twice', async () => {
  let calls = 0
  const handle = compose<string, string>(
    [
      (request, next) => (request === 'stop' ? 'stopped' : next(request)),
      async (request, next) => (await next(request)) + (await next(request)),
    ],
    () => `${++calls}`,
  )
  expect(await handle('stop')).toBe('stopped')
  expect(await handle('go')).toBe('12')
})
