import { describe, expect, it } from 'vitest'
import { textLines } from '../../src/cli/text-lines.ts'

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  const shared = Buffer.alloc(100)
  for (const text of texts) {
    // As a stream may that reads into one buffer.
    const length = shared.write(text, 'latin1')
    yield shared.subarray(0, length)
  }
}

async function linesOf(input: AsyncIterable<Uint8Array>, longest = 100): Promise<string[]> {
  const lines: string[] = []
  for await (const some of textLines(input, longest)) lines.push(...some)
  return lines
}

async function* endless(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('first\n')
  for (;;) yield Buffer.from('xxxx')
}

describe('textLines()', () => {
  it.each([
    [['a\nb\n'], ['a', 'b']],
    [
      ['a\r\nb\r', '\nc'],
      ['a', 'b', 'c'],
    ],
    [
      ['\n\n', ' a \n'],
      ['', '', ' a '],
    ],
    [
      ['a', 'b', '', 'c\nd'],
      ['abc', 'd'],
    ],
    [['caf\xc3', '\xa9\n'], ['café']],
    [[''], []],
    [[], []],
  ])('textLines() of %j are %j', async (texts, lines) => {
    expect(await linesOf(chunks(...texts))).toEqual(lines)
  })

  it('textLines() are the same wherever the chunks end', async () => {
    const text = 'one\r\n\ntwo \xe2\x82\xac\nthree'
    const whole = await linesOf(chunks(text))
    expect(whole).toEqual(['one', '', 'two €', 'three'])
    for (let at = 0; at <= text.length; at++) {
      expect(await linesOf(chunks(text.slice(0, at), text.slice(at)))).toEqual(whole)
    }
    expect(await linesOf(chunks(...text.split('')))).toEqual(whole)
  })

  it('textLines() takes a line of the limit, and refuses a longer one as soon as it is', async () => {
    expect(await linesOf(chunks('12345678\n', '1234', '5678'), 8)).toEqual(['12345678', '12345678'])
    await expect(linesOf(endless(), 8)).rejects.toThrow(
      'Reading up to the end of line 2 of the input failed: it is not within 8 bytes',
    )
  })
})
