import { expect, test } from 'vitest'
import { anyMethod, Router } from '../../../src/server/routing/router.ts'

function router(...routes: [method: string, pattern: string][]): Router<string> {
  const made = new Router<string>()
  for (const [method, pattern] of routes) made.add(method, pattern, `${method} ${pattern}`)
  return made
}

test('find() gives HEAD the route of GET, unless it has one', () => {
  const both = router(['GET', '/a'], ['HEAD', '/b'], ['GET', '/b'])
  expect(both.find('HEAD', '/a')?.route).toBe('GET /a')
  expect(both.find('HEAD', '/b')?.route).toBe('HEAD /b')
})

test('find() takes a route for any method last', () => {
  const some = router([anyMethod, '/{a}'], ['GET', '/{a}'])
  expect(some.find('GET', '/x')?.route).toBe('GET /{a}')
  expect(some.find('HEAD', '/x')?.route).toBe('GET /{a}')
  expect(some.find('BREW', '/x')?.route).toBe('* /{a}')
})

test('find() finds another method where a path has no route of its own', () => {
  const some = router(['GET', '/users/me'], ['POST', '/users/{id}'])
  expect(some.find('POST', '/users/me')?.params).toEqual({ id: 'me' })
})

test('find() uses expressions beside routes of whole segments', () => {
  const some = router(['GET', '/{id:[0-9]+}'], ['GET', '/{name}'], ['GET', '/7'])
  expect(some.find('GET', '/7')?.route).toBe('GET /7')
  expect(some.find('GET', '/8')?.route).toBe('GET /{id:[0-9]+}')
  expect(some.find('GET', '/x')?.route).toBe('GET /{name}')
})

test('allowed() lists the methods that a path has', () => {
  const some = router(['GET', '/a'], ['POST', '/{b}'], ['DELETE', '/c'])
  expect(some.allowed('/a')).toEqual(['GET', 'HEAD', 'POST'])
  expect(some.allowed('/c')).toEqual(['DELETE', 'POST'])
  expect(some.allowed('/a/b')).toEqual([])
  expect(some.methods()).toEqual(['DELETE', 'GET', 'HEAD', 'POST'])
})

test('add() refuses what matches the same as another route', () => {
  const some = router(['GET', '/a/{b}'])
  expect(() => some.add('GET', '/a/{c}', '')).toThrow(
    'Cannot add route "GET /a/{c}": another one matches the same',
  )
  some.add('POST', '/a/{b}', '')
  some.add('GET', '/a/{b}/', '')
  expect(() => some.add('GE T', '/', '')).toThrow('Invalid method "GE T": expected a token')
})
