import { expect, test } from 'vitest'
import { ResponseFacts } from '../../../src/client/connection/response-facts.ts'

test('ResponseFacts.read() finds what a client looks for, and forgets what it found before', () => {
  const facts = new ResponseFacts()
  facts.read(['LOCATION', '/a', 'location', '/b', 'Content-Encoding', 'gzip', 'x', 'y'])
  expect(facts).toMatchObject({ location: '/a', contentEncoding: 'gzip', keepAlive: undefined })
  facts.read(['content-encoding', 'gzip', 'Keep-Alive', 'timeout=5', 'content-Encoding', 'br'])
  expect(facts).toMatchObject({
    location: undefined,
    contentType: undefined,
    contentEncoding: 'gzip, br',
    keepAlive: 'timeout=5',
  })
  facts.read(['content-type', 'a/b', 'content-typo', 'c/d'])
  expect(facts).toMatchObject({ contentType: 'a/b', contentEncoding: undefined })
})
