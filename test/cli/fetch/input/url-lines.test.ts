import { describe, expect, it } from 'vitest'
import { cutMark, isURLLine, linesOf } from '../../../../src/cli/fetch/input/url-lines.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

async function collect(chunks: Iterable<Uint8Array>): Promise<string[]> {
  const batches = await Array.fromAsync(linesOf(chunks))
  return batches.flat()
}

describe('linesOf()', () => {
  const text = '\uFEFFhttp://a/1\r\n\n  http://b/ü \n# note\nhttp://c/3'
  const expected = ['http://a/1', '', 'http://b/ü', '# note', 'http://c/3']

  it('linesOf() ends lines at \\n and \\r\\n, and drops a byte order mark', async () => {
    expect(await collect([bytes(text)])).toEqual(expected)
  })

  it('linesOf() gives the same lines however the bytes are cut', async () => {
    const whole = bytes(text)
    expect(await collect(Array.from(whole, (_, at) => whole.subarray(at, at + 1)))).toEqual(
      expected,
    )
    for (let at = 1; at < whole.length; at++) {
      expect(await collect([whole.subarray(0, at), whole.subarray(at)])).toEqual(expected)
    }
  })

  it('linesOf() gives nothing for an empty input, and no line after the last line end', async () => {
    expect(await collect([])).toEqual([])
    expect(await collect([bytes('a\n')])).toEqual(['a'])
  })

  it('linesOf() cuts a line that does not end, instead of keeping it, and marks it', async () => {
    const chunk = bytes('x'.repeat(60_000))
    const [line, next] = await collect([chunk, chunk, chunk, bytes('\nnext\n')])
    expect(line).toBe('x'.repeat(65_536) + cutMark)
    expect(next).toBe('next')
  })

  it.each([
    [65_535, 1, false],
    [65_536, 1, false],
    [65_536, 1_000, false],
    [65_537, 1, true],
    [65_537, 1_000, true],
    [65_537, 70_000, true],
  ])('linesOf() of a line of %i bytes in pieces of %i: cut is %s', async (length, size, cut) => {
    const line = 'x'.repeat(length)
    for (const end of ['', '\n', '\nnext']) {
      const all = bytes(line + end)
      const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
        all.subarray(at * size, (at + 1) * size),
      )
      const [first, next] = await collect(pieces)
      expect(first).toBe(cut ? line.slice(0, 65_536) + cutMark : line)
      expect(next).toBe(end === '\nnext' ? 'next' : undefined)
    }
  })

  it('linesOf() takes chunks of any size, and needs none of them longer than its turn', async () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `http://a/${index}`)
    const all = bytes(lines.join('\n'))
    expect(await collect([all])).toEqual(lines)
    const chunk = new Uint8Array(1000)
    function* reused(): Generator<Uint8Array> {
      for (let at = 0; at < all.length; at += chunk.length) {
        const part = all.subarray(at, at + chunk.length)
        chunk.set(part)
        yield chunk.subarray(0, part.length)
      }
    }
    expect(await collect(reused())).toEqual(lines)
  })
})

describe('isURLLine()', () => {
  it('isURLLine() passes over blank lines and comments', () => {
    expect(['', '# http://a', '#'].some(isURLLine)).toBe(false)
    expect(isURLLine('http://a#b')).toBe(true)
  })
})
