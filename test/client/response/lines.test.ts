import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CancelledError, SpoolError } from 'spool'
import { linesOf } from '../../../src/client/response/lines.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { OwnScope } from '../support/own-scope.ts'
import { rejectionOf } from '../../support/rejection.ts'
import { answer, answerRaw, checkNothingLeft, MemoryFixture } from '../support/memory-server.ts'

async function* chunksOf(...texts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === 'string' ? Buffer.from(text) : text
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const line of lines) all.push(line)
  return all
}

describe('linesOf()', () => {
  it.each([
    [[], []],
    [[''], []],
    [['a'], ['a']],
    [['a\n'], ['a']],
    [['a\nb'], ['a', 'b']],
    [['a\r\nb\r\n'], ['a', 'b']],
    [
      ['a\r', '\nb'],
      ['a', 'b'],
    ],
    [['a\rb\n'], ['a\rb']],
    [['\n\n'], ['', '']],
    [
      ['a', 'b\nc', 'd'],
      ['ab', 'cd'],
    ],
    [['a\r'], ['a']],
  ])('of %j are %j', async (texts, lines) => {
    expect(await collect(linesOf(chunksOf(...texts)))).toEqual(lines)
  })

  it('takes characters apart nowhere', async () => {
    const bytes = Buffer.from('grüße\n€')
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte))
    expect(await collect(linesOf(chunksOf(...pieces)))).toEqual(['grüße', '€'])
  })

  it('leaves a byte order mark out at the beginning, and nowhere else', async () => {
    expect(await collect(linesOf(chunksOf('\ufeffa\n\ufeffb')))).toEqual(['a', '\ufeffb'])
  })

  it('refuses a line that is too long, before its end has come', async () => {
    const parts = ['ok\n', 'a'.repeat(6), 'a'.repeat(6), 'never read']
    const lines = linesOf(chunksOf(...parts), 10)
    expect((await lines.next()).value).toBe('ok')
    const error = await rejectionOf(lines.next())
    expect(SpoolError.hasCode(error, 'SPOOL_BODY_TOO_LARGE')).toBe(true)
    expect((error as Error).message).toContain('10 bytes')
  })

  it('takes a line that is as long as the limit', async () => {
    expect(await collect(linesOf(chunksOf('1234567890\r\n1'), 11))).toEqual(['1234567890', '1'])
  })

  it('are the same however the bytes come', async () => {
    const pieces = fc.array(fc.stringMatching(/^[ab\r\n€]{0,5}$/))
    await fc.assert(
      fc.asyncProperty(pieces, async (texts) => {
        const whole = texts.join('')
        const expected = whole.split('\n').map((line) => line.replace(/\r$/, ''))
        // What ends the last line begins none.
        if (whole.endsWith('\n') || whole === '') expected.pop()
        expect(await collect(linesOf(chunksOf(...texts)))).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })
})

describe('lines of a response', () => {
  it('come by the short form and by the long one', async () => {
    await using fixture = new MemoryFixture(answer('a\nb\r\nc'))
    expect(await collect(fixture.session.get('/').lines())).toEqual(['a', 'b', 'c'])
    const response = await fixture.session.get('/')
    expect(await collect(response.lines())).toEqual(['a', 'b', 'c'])
    expect(fixture.session.statistics()).toMatchObject({ idle: 1 })
  })

  it('that are left early close the connection', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na\nb\n'),
    )
    for await (const line of fixture.session.get('/').lines()) {
      expect(line).toBe('a')
      break
    }
    await checkNothingLeft(fixture)
  })

  it('that are too long close the connection', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\naaaaaaaaaaaa'),
    )
    const error = await rejectionOf(collect(fixture.session.get('/').lines({ limit: 5 })))
    expect(SpoolError.hasCode(error, 'SPOOL_BODY_TOO_LARGE')).toBe(true)
    await checkNothingLeft(fixture)
  })

  it('stop when the scope is cancelled, those that have come too', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na\nb\nc\n'),
    )
    using scope = new OwnScope()
    const seen: string[] = []
    const error = await runInScope(scope, () =>
      rejectionOf(
        (async () => {
          for await (const line of fixture.session.get('/').lines()) {
            seen.push(line)
            scope.cancel()
          }
        })(),
      ),
    )
    expect(seen).toEqual(['a'])
    expect(error).toBeInstanceOf(CancelledError)
    await checkNothingLeft(fixture)
  })
})
