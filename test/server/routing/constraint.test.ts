import { Application, json } from 'spool/server'
import { describe, expect, test } from 'vitest'

function refusal(expression: string): unknown {
  try {
    new Application().get(`/{a:${expression}}`, () => json(null))
    return undefined
  } catch (error) {
    return error
  }
}

describe('The expression of a parameter', () => {
  test.each([
    ['(', 'has a capturing group: write "(?:…)"'],
    ['(b)', 'has a capturing group: write "(?:…)"'],
    ['(?<x>b)', 'has a capturing group: write "(?:…)"'],
    ['(?=b)', 'looks ahead or behind'],
    ['(?!b)', 'looks ahead or behind'],
    ['(?<=b)c', 'looks ahead or behind'],
    ['(?<!b)c', 'looks ahead or behind'],
    ['b)', 'closes a group that it does not open'],
    ['b)(?:c', 'closes a group that it does not open'],
    ['(?:b', 'is no regular expression: Unterminated group'],
    ['[b', 'is no regular expression: Unterminated character class'],
    ['*', 'is no regular expression: Nothing to repeat'],
    ['^b', 'has an anchor, and is matched as a whole anyway'],
    ['b$', 'has an anchor, and is matched as a whole anyway'],
    [String.raw`b\b`, 'has an anchor, and is matched as a whole anyway'],
    [String.raw`(?:b)\1`, 'refers back to a group'],
    [String.raw`\k<b>`, 'refers back to a group'],
    ['b\\', 'ends in a backslash'],
    ['é+', 'has "é", which paths have as "%C3%A9"'],
    ['[^é]', 'has "é", which paths have as "%C3%A9"'],
    ['😀', 'has "😀", which paths have as "%F0%9F%98%80"'],
    [String.raw`\u00e9`, 'has "é", which paths have as "%C3%A9"'],
    [String.raw`\xe9`, 'has "é", which paths have as "%C3%A9"'],
    [String.raw`\ud83d`, String.raw`has "\ud83d", which paths have as "%…"`],
    [String.raw`[\p{L}]+`, String.raw`has "\p", and paths have no characters but ASCII`],
    ['[b ]', 'has " ", which paths have as "%20"'],
  ])('%j is refused with its reason', (expression, why) => {
    const error = refusal(expression)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toBe(
      `Invalid route ${JSON.stringify(`/{a:${expression}}`)}: the expression of "{a}" ${why}`,
    )
  })

  test.each([
    ['%C3%A9+', '/é', 'é'],
    ['[)]+', '/))', '))'],
    ['[(x)]{3}', '/(x)', '(x)'],
    [String.raw`\(\[\)`, '/([)', '([)'],
    [String.raw`[\]^$]+`, '/$]$', '$]$'],
    ['(?:b|cd)+?', '/bcdb', 'bcdb'],
    ['b|c', '/c', 'c'],
    ['b|c', '/cx', undefined],
    [String.raw`\d{2,3}`, '/123', '123'],
    [String.raw`\d{2,3}`, '/1234', undefined],
    [String.raw`\x61\u0062`, '/ab', 'ab'],
    ['[^b]+', '/cc', 'cc'],
    ['[^b]+', '/cbc', undefined],
    ['.*', '/b.c', 'b.c'],
    [String.raw`\**`, '/**', '**'],
    ['[?*+]+', '/*+', '*+'],
  ])('%j is matched with %j as a whole: %j', async (expression, path, caught) => {
    const app = new Application().get(`/{a:${expression}}`, ({ params }) => json(params), {
      name: 'a',
    })
    const response = await app.fetch(new Request(`http://a${path}`))
    expect(response.status).toBe(caught === undefined ? 404 : 200)
    if (caught === undefined) return
    expect(await response.json()).toEqual({ a: caught })
    // The way back gives this route's path again; it writes in one way alone, which not every expression takes.
    if (encodeURIComponent(caught) !== caught) return
    const back = await app.fetch(new Request(`http://a${app.urlFor('a', { a: caught })}`))
    expect(await back.json()).toEqual({ a: caught })
  })
})
