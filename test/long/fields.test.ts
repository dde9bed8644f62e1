// What reads a field reads it in a time that grows with its length and not with its square, whatever is in it:
// a head may have 16 KiB, and everybody may send one. Here because it takes times.
import { describe, expect, test } from 'vitest'
import { parseChallenges } from '../../src/client/auth/challenges.ts'
import { cookiesSet } from '../../src/client/cookies/cookie-header.ts'
import { resolveReference } from '../../src/client/url/resolve-reference.ts'
import { knownCodings } from '../../src/http/compression.ts'
import { parseContentType } from '../../src/http/content-type.ts'
import { parseByteRanges } from '../../src/http/fields/byte-ranges.ts'
import { parseCookies } from '../../src/http/fields/cookie.ts'
import { parseEntityTags } from '../../src/http/fields/entity-tag.ts'
import { parseHTTPTime } from '../../src/http/fields/http-time.ts'
import {
  preferredEncoding,
  preferredLanguage,
  preferredType,
} from '../../src/http/fields/negotiation.ts'
import { HeaderFields } from '../../src/http/header-fields.ts'
import { credentialsOf } from '../../src/server/middleware/credentials.ts'
import { legacyHops, standardHops } from '../../src/server/middleware/forwarded.ts'

const readers: readonly [name: string, read: (value: string) => unknown][] = [
  ['Accept', (value) => preferredType(value, ['text/html', 'application/json'])],
  ['Accept-Encoding', (value) => preferredEncoding(value, ['gzip', 'br'])],
  ['Accept-Language', (value) => preferredLanguage(value, ['de', 'en'])],
  ['Authorization', (value) => credentialsOf(value, 'Basic')],
  ['Content-Encoding', knownCodings],
  ['Content-Type', (value) => parseContentType(`text/html;${value}`)],
  ['Cookie', parseCookies],
  ['Date', parseHTTPTime],
  ['Forwarded', (value) => standardHops(HeaderFields.from([['forwarded', value]]))],
  ['If-Match', parseEntityTags],
  ['Location', (value) => resolveReference('http://a/b', value)],
  ['Range', (value) => parseByteRanges(`bytes=${value}`, 1e9)],
  ['Set-Cookie', (value) => cookiesSet([`a=b; ${value}`])],
  ['WWW-Authenticate', (value) => parseChallenges([`Digest ${value}`])],
  ['X-Forwarded-For', (value) => legacyHops(HeaderFields.from([['x-forwarded-for', value]]))],
]

// Each between two tildes.
const units = [
  ' ~\t~,~;~=~"~\\~/~%~.~:~[~]~*~-~a~1~\xe9~a ~ a~, ~; ~ ;~, ,~"a"~"a",~',
  '"\\~a=~a=b;~a=b,~a="b",~a="~a;~q=0.5,~a;q=0.5,~*;q=0,~a/b,~a/b;c=d,~',
  'W/"a",~W/~0-0,~0-~-1,~%41~../~./~a/../~for=1,~for="[::1]";~Mon, ~',
  'gzip, ~a=b c=d ',
]
  .join('')
  .split('~')
const ends = ['', 'x', '"', '=', ',']

function timeOf(read: (value: string) => unknown, value: string): number {
  let least = Infinity
  for (let round = 0; round < 5; round++) {
    const begin = performance.now()
    try {
      read(value)
    } catch {
      // Refused is read, too.
    }
    least = Math.min(least, performance.now() - begin)
  }
  return least
}

describe('the time to read', () => {
  test.each(readers)('%s grows with its length', (_, read) => {
    for (const unit of units) {
      for (const end of ends) {
        const valueOf = (length: number): string => unit.repeat(length / unit.length) + end
        const short = timeOf(read, valueOf(10_000))
        const long = timeOf(read, valueOf(80_000))
        // Eight times as long; its square would be 64. A few milliseconds say nothing.
        expect(long, JSON.stringify(unit + end)).toBeLessThan(Math.max(40 * short, 30))
      }
    }
  })
})
