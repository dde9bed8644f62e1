import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { defaultLimits } from '../../src/wire/http1/limits.ts'

const page = readFileSync(new URL('../../docs/http-support.md', import.meta.url), 'utf8')

it('defaultLimits are those that docs/http-support.md tells', () => {
  const start = page.indexOf('## Limits')
  const section = page.slice(start, page.indexOf('\n## ', start + 1))
  const numbers = Array.from(section.matchAll(/^\|.*\| *([\d,]+[^|]*?) *\|$/gm), ([, text = '']) =>
    Array.from(text.matchAll(/[\d,]+\d|\d/g), ([number]) => Number(number.replaceAll(',', ''))),
  ).flat()
  const { method, target, head, fields, emptyLines, chunkLine, chunkExtensions } = defaultLimits
  const { trailers, trailerFields, informational } = defaultLimits
  const first = [method, target, head, fields, emptyLines, chunkLine, chunkExtensions]
  expect(numbers).toEqual([...first, trailers, trailerFields, informational])
  expect(numbers).toHaveLength(Object.keys(defaultLimits).length)
})
