import { describe, expect, it } from 'vitest'
import {
  readArguments,
  readChoice,
  readCount,
  readDuration,
  readHeaders,
  readMethod,
  readTokens,
  secretNames,
} from '../../src/cli/option-values.ts'
import { UsageError } from '../../src/cli/usage-error.ts'

const definitions = {
  fail: { type: 'boolean' },
  out: { type: 'string', short: 'o' },
} as const

describe('readArguments()', () => {
  it('readArguments() separates options from the rest, and takes - for no option', () => {
    const { values, positionals } = readArguments(['-o', 'x', 'a', '--fail', '-'], definitions)
    expect({ ...values }).toEqual({ out: 'x', fail: true })
    expect(positionals).toEqual(['a', '-'])
  })

  it.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['-z'], "Unknown option '-z'"],
    [['--out'], "Option '-o, --out <value>' argument missing"],
    [['--fail=yes'], "Option '--fail' does not take an argument"],
    [['--out', '--fail'], "Option '--out' argument is ambiguous"],
  ])('readArguments() says in one line what is wrong with %s', (args, message) => {
    expect(() => readArguments(args, definitions)).toThrow(new UsageError(message))
  })
})

describe('readCount()', () => {
  it('readCount() reads whole numbers', () => {
    expect(readCount('--retries', '0', 0)).toBe(0)
    expect(readCount('--retries', undefined, 0)).toBeUndefined()
  })

  it.each(['0', '-1', '1.5', 'ten', '', '1e3', '99999999999999999999'])(
    'readCount() refuses "%s" where 1 is the least',
    (value) => {
      expect(() => readCount('--concurrency', value, 1)).toThrow(
        `Cannot use --concurrency "${value}": expected a whole number, 1 or more`,
      )
    },
  )
})

describe('readDuration()', () => {
  it('readDuration() names the forms that it takes', () => {
    expect(readDuration('--timeout', '2m')).toBe(120_000)
    expect(readDuration('--timeout', undefined)).toBeUndefined()
    expect(() => readDuration('--timeout', 'soon')).toThrow(
      'Cannot use --timeout "soon": expected a time such as 500ms, 30s or 2m',
    )
  })
})

describe('readChoice()', () => {
  it('readChoice() names the choices', () => {
    expect(readChoice('--progress', 'bar', ['bar', 'none'])).toBe('bar')
    expect(readChoice('--progress', undefined, ['bar', 'none'])).toBeUndefined()
    expect(() => readChoice('--progress', 'loud', ['bar', 'none'])).toThrow(
      'Cannot use --progress "loud": expected bar, none',
    )
  })
})

describe('readTokens()', () => {
  it('readTokens() takes words in order, and refuses what is none', () => {
    expect(readTokens('--name', undefined)).toEqual([])
    expect(readTokens('--name', ['b', 'a.1'])).toEqual(['b', 'a.1'])
    expect(() => readTokens('--name', ['a', 'b c'])).toThrow(
      new UsageError('Cannot use --name "b c": expected a token'),
    )
  })
})

describe('readMethod()', () => {
  it('readMethod() writes methods in capitals and refuses what is no token', () => {
    expect(readMethod('post')).toBe('POST')
    expect(readMethod(undefined)).toBeUndefined()
    expect(() => readMethod('GET /')).toThrow('Cannot use method "GET /"')
    expect(() => readMethod('')).toThrow('Cannot use method ""')
  })
})

describe('readHeaders()', () => {
  it('readHeaders() keeps the order and takes blanks from around the value', () => {
    expect(readHeaders(['A: 1', 'b:2 ', 'A:3:4', 'Empty:'])).toEqual([
      ['A', '1'],
      ['b', '2'],
      ['A', '3:4'],
      ['Empty', ''],
    ])
    expect(readHeaders()).toEqual([])
  })

  it.each(['no colon', ': x', 'a b: c', 'a : b'])('readHeaders() refuses "%s"', (value) => {
    expect(() => readHeaders([value])).toThrow('expected "Name: value"')
  })

  it.each(['A: x\r\nB: y', 'A: x\ny', 'A: \0', 'A: €'])(
    'readHeaders() refuses a value that would end the field: %j',
    (value) => {
      expect(() => readHeaders([value])).toThrow('Cannot use the value of header "A"')
    },
  )
})

describe('what follows from the request itself', () => {
  it('readHeaders() refuses headers that are not a user’s to say', () => {
    for (const name of ['content-length', 'Transfer-Encoding']) {
      expect(() => readHeaders([`${name}: 5`])).toThrow(`Cannot use header "${name}"`)
    }
  })

  it('readHeaders() takes a Host, for who asks an address under another name', () => {
    expect(readHeaders(['Host: a.example'])).toEqual([['Host', 'a.example']])
  })

  it('secretNames() names what may be a key, and nothing of the form of a request', () => {
    const headers = readHeaders(['Accept: a', 'X-Key: b', 'USER-AGENT: c', 'Cookie: d', 'range: e'])
    expect(secretNames(headers)).toEqual(['X-Key', 'Cookie'])
  })

  it('readMethod() refuses CONNECT', () => {
    expect(() => readMethod('connect')).toThrow('Cannot use method "CONNECT"')
  })
})
